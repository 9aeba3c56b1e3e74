// The system at a glance: a few numbers, what pays now, where it is widest, why other pairs are refused, how venues are.

import { createMemo, For, Show, type JSX } from "solid-js";
import { alerts } from "../data/alerts";
import { open, version } from "../data/opportunities";
import { health, summary } from "../data/system";
import { get } from "../link/rest";
import { serverNow } from "../link/socket";
import { clock, count, duration, percent, price } from "../ui/format";
import { Card, Failure, Figure, Percent, poll, seconds, State } from "../ui/parts";
import { link } from "../ui/route";
import { Tour } from "../ui/tour";
import { refusals } from "../data/processes";
import { VenueState, type ArbitrageRow, type GetOverviewResponse } from "../wire/messages";
import { fromJson } from "../wire/protobuf";

const ROWS = 8;

export default function Overview(): JSX.Element {
  return (
    <>
      <header><h1>Overview</h1><p>Everything at a glance, live.</p></header>
      <Tour />
      <Figures />
      <div class="columns">
        <div class="wide"><Best /></div>
        <div class="third"><Venues /></div>
        <div class="half"><Widest /></div>
        <div class="half"><Refusals /></div>
        <div><LatestAlerts /></div>
      </div>
    </>
  );
}

function Figures(): JSX.Element {
  const now = summary;
  const best = (): ArbitrageRow | undefined => now()?.best;
  const live = (): number => now()?.venues.LIVE ?? 0;
  const all = (): number => Object.values(now()?.venues ?? {}).reduce((sum, each) => sum + each, 0);
  return (
    <div class="figures live" aria-label="Figures">
      <Figure label="Venues live" value={<>{live()}<small> of {all()}</small></>} tone={all() > 0 && live() < all() ? "warn" : ""} note={live() < all() ? "see Venues for the reasons" : "all are whole and fresh"} />
      <Figure label="Instruments live" value={<>{count(now()?.liveInstruments ?? 0)}<small> of {count(now()?.instruments ?? 0)}</small></>} note="only these have a price" />
      <Figure label="Open opportunities" value={now()?.openOpportunities ?? 0} note="net of every fee" />
      <Figure label="Best now" value={<>{percent(best()?.profitPercent ?? NaN)}<small>{best() ? " %" : ""}</small></>} note={best() ? `${best()?.asset}: ${best()?.buy?.exchange} → ${best()?.sell?.exchange}` : "none open"} />
      <Figure label="Alerts, 24 h" value={count(now()?.alerts24h ?? 0)} note="as far as they are kept" />
      <Figure label="Frame to opportunity" value={<>{latency(now()?.latencyP50Us)}<small> ms</small></>} note={`99 % within ${latency(now()?.latencyP99Us)} ms`} />
    </div>
  );
}

function latency(us: number | undefined): string {
  return us ? (us / 1e3).toFixed(us < 1e4 ? 1 : 0) : "—";
}

function Best(): JSX.Element {
  const now = seconds();
  const rows = createMemo(() => {
    version();
    return [...open.values()]
      .map((each) => each.opportunity)
      .sort((a, b) => (b.costs?.netPercent ?? 0) - (a.costs?.netPercent ?? 0))
      .slice(0, ROWS);
  });
  return (
    <Card title="Pays now" note="best net profit first" tools={<a href="#/opportunities">All</a>} class="live">
      <div tabindex="0" class="scroll">
        <table>
          <thead><tr><th>Asset</th><th>Buy</th><th>Sell</th><th class="end">Net %</th><th class="end">Gross %</th><th class="end">Notional</th><th class="end">Open</th></tr></thead>
          <tbody>
            <For each={rows()} fallback={<tr><td colspan="7" class="dim">Nothing pays after fees just now. That is the usual state of a market.</td></tr>}>
              {(each) => (
                <tr>
                  <td><a href={link("opportunities", new URLSearchParams({ open: each.id }))}>{each.asset}</a></td>
                  <td>{each.buy?.venue} <span class="dim num">{price(each.buy?.price ?? NaN)}</span></td>
                  <td>{each.sell?.venue} <span class="dim num">{price(each.sell?.price ?? NaN)}</span></td>
                  <td class="end"><Percent value={each.costs?.netPercent ?? NaN} /></td>
                  <td class="end">{percent(each.costs?.grossPercent ?? NaN)}</td>
                  <td class="end">{count(each.executableNotional)} {each.buy?.quoteCurrency}</td>
                  <td class="end">{(now(), duration(serverNow() - (each.openTime ?? NaN)))}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Venues(): JSX.Element {
  return (
    <Card title="Venues" tools={<a href="#/venues">All</a>} class="live">
      <div tabindex="0" class="scroll">
        <table>
          <thead><tr><th>Venue</th><th>State</th><th class="end">Late by</th></tr></thead>
          <tbody>
            <For each={health()} fallback={<tr><td colspan="3" class="dim">No venue is known yet.</td></tr>}>
              {(each) => (
                <tr>
                  <td><a href={link("venues", new URLSearchParams({ venue: each.venue }))}>{each.venue}</a></td>
                  <td><State name={VenueState[each.state] ?? "?"} title={each.reason} /></td>
                  <td class="end">{each.delayMs === undefined ? "—" : `${each.delayMs.toFixed(0)} ms`}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Widest(): JSX.Element {
  const asked = poll(async () => fromJson<GetOverviewResponse>("GetOverviewResponse", await get("/api/overview")), 2000);
  const rows = createMemo(() => [...(asked.data()?.assets ?? [])].sort((a, b) => b.widestGrossPercent - a.widestGrossPercent).slice(0, ROWS));
  return (
    <Card title="Widest spreads" note="gross, before fees" class="live">
      <Show when={asked.error()}><Failure error={asked.error()} /></Show>
      <div tabindex="0" class="scroll">
        <table>
          <thead><tr><th>Asset</th><th>Lowest ask</th><th>Highest bid</th><th class="end">Gross %</th><th class="end">Venues</th></tr></thead>
          <tbody>
            <For each={rows()} fallback={<tr><td colspan="5" class="dim">Nothing is live yet.</td></tr>}>
              {(each) => (
                <tr>
                  <td><a href={link("prices", new URLSearchParams({ asset: each.asset }))}>{each.asset}</a></td>
                  <td>{each.bestAskVenue} <span class="dim num">{price(each.bestAsk)}</span></td>
                  <td>{each.bestBidVenue} <span class="dim num">{price(each.bestBid)}</span></td>
                  <td class="end"><Percent value={each.widestGrossPercent} /></td>
                  <td class="end">{each.venues.length}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Refusals(): JSX.Element {
  const asked = poll(refusals, 2000);
  const most = (): number => Math.max(1, ...(asked.data() ?? []).map((each) => each.count));
  return (
    <Card title="Why not" note="candidates that would have paid and were refused, since the start" class="live">
      <Show when={asked.error()}><Failure error={asked.error()} /></Show>
      <table>
        <tbody>
          <For each={asked.data() ?? []} fallback={<tr><td class="dim">No candidate was refused yet.</td></tr>}>
            {(each) => (
              <tr>
                <td>{each.words}</td>
                <td class="end">{count(each.count)}</td>
                <td aria-hidden="true"><div class="bar"><i style={{ transform: `scaleX(${each.count / most()})` }} /></div></td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </Card>
  );
}

function LatestAlerts(): JSX.Element {
  return (
    <Card title="Latest alerts" tools={<a href="#/alerts">All</a>} class="live">
      <div tabindex="0" class="scroll">
        <table>
          <tbody>
            <For each={alerts().slice(0, 5)} fallback={<tr><td class="dim">No alert yet. A rule says when to tell whom: see Alerts.</td></tr>}>
              {(each) => (
                <tr>
                  <td class="num">{clock(each.firedAt, true)}</td>
                  <td>{each.opportunity?.asset}</td>
                  <td>{each.opportunity?.buy?.venue} → {each.opportunity?.sell?.venue}</td>
                  <td class="end"><Percent value={each.opportunity?.costs?.netPercent ?? NaN} /></td>
                  <td class="dim">{each.rule.replace("alertRules/", "")}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </Card>
  );
}
