// The system at a glance: a few numbers, what pays now, where it is widest, why other pairs are refused, how venues are.

import { createMemo, type JSX } from "solid-js";
import { alerts } from "../data/alerts";
import { closed, open, version, type Followed } from "../data/opportunities";
import { health, summary } from "../data/system";
import { get } from "../link/rest";
import { serverNow } from "../link/socket";
import { clock, count, duration, percent, price } from "../ui/format";
import { Head, Listing } from "../ui/panel";
import { Figure, Percent, poll, seconds, State } from "../ui/parts";
import { link } from "../ui/route";
import { Tour } from "../ui/tour";
import { refusals } from "../data/processes";
import { VenueState, type GetOverviewResponse, type Opportunity } from "../wire/messages";
import { fromJson } from "../wire/protobuf";

const ROWS = 8;

export default function Overview(): JSX.Element {
  return (
    <>
      <Head title="Overview" note="Everything at a glance, live." />
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
  const best = createMemo(() => byNet()[0]);
  const live = (): number => now()?.venues.LIVE ?? 0;
  const all = (): number => Object.values(now()?.venues ?? {}).reduce((sum, each) => sum + each, 0);
  return (
    <div class="figures live" aria-label="Figures">
      <Figure label="Venues live" value={<>{live()}<small> of {all()}</small></>} tone={all() > 0 && live() < all() ? "warn" : ""} note={live() < all() ? "see Venues for the reasons" : "all are whole and fresh"} />
      <Figure label="Instruments live" value={<>{count(now()?.liveInstruments ?? 0)}<small> of {count(now()?.instruments ?? 0)}</small></>} note="only these have a price" />
      <Figure label="Open opportunities" value={(version(), open.size)} note="net of every fee" />
      <Figure label="Best now" value={<>{percent(best()?.costs?.netPercent ?? NaN)}<small>{best() ? " %" : ""}</small></>} note={best() ? `${best()?.asset}: ${best()?.buy?.venue} → ${best()?.sell?.venue}` : "none open"} />
      <Figure label="Alerts, 24 h" value={count(now()?.alerts24h ?? 0)} note="as far as they are kept" />
      <Figure label="Frame to opportunity" value={<>{latency(now()?.latencyP50Us)}<small> ms</small></>} note={`99 % within ${latency(now()?.latencyP99Us)} ms`} />
    </div>
  );
}

/** What is open, the best first: one source for the figures and for the list. */
function byNet(): Opportunity[] {
  version();
  return [...open.values()].map((each) => each.opportunity).sort((a, b) => (b.costs?.netPercent ?? 0) - (a.costs?.netPercent ?? 0));
}

function latency(us: number | undefined): string {
  return us ? (us / 1e3).toFixed(us < 1e4 ? 1 : 0) : "—";
}

function Best(): JSX.Element {
  const now = seconds();
  const rows = createMemo(() => [...byNet().map((opportunity): Followed => ({ opportunity, life: [] })), ...closed].slice(0, ROWS));
  const since = (each: Followed): string =>
    each.closedMs === undefined ? duration(serverNow() - (each.opportunity.openTime ?? NaN)) : `closed ${duration(serverNow() - each.closedMs)} ago`;
  return (
    <Listing
      title="Pays now"
      note={(version(), open.size) > 0 ? "best net profit first" : "nothing just now, which is the usual state of a market; below, what has closed"}
      tools={<a href="#/opportunities">All</a>}
      class="live"
      heads={["Asset", "Buy", "Sell", ">Net %", ">Gross %", ">Notional", ">Open"]}
      rows={rows()}
      by={(each) => each.opportunity.id}
      empty={<><b>Nothing pays after fees just now</b>The next one shows here, at once; press <kbd>/</kbd> and type explain BTC binance okx to ask why a pair does not.</>}
    >
      {(each) => {
        const one = (): Opportunity => each().opportunity;
        return (
          <tr classList={{ "is-past": each().closedMs !== undefined }}>
            <td><a href={link("opportunities", new URLSearchParams({ open: one().id }))}>{one().asset}</a></td>
            <td>{one().buy?.venue} <span class="dim num">{price(one().buy?.price ?? NaN)}</span></td>
            <td>{one().sell?.venue} <span class="dim num">{price(one().sell?.price ?? NaN)}</span></td>
            <td class="end"><Percent value={each().closedMs === undefined ? one().costs?.netPercent ?? NaN : one().peakNetPercent} /></td>
            <td class="end">{percent(one().costs?.grossPercent ?? NaN)}</td>
            <td class="end">{count(one().executableNotional)} {one().buy?.quoteCurrency}</td>
            <td class="end">{(now(), since(each()))}</td>
          </tr>
        );
      }}
    </Listing>
  );
}

function Venues(): JSX.Element {
  return (
    <Listing title="Venues" tools={<a href="#/venues">All</a>} class="live" heads={["Venue", "State", ">Late by"]} rows={health()} by={(each) => each.venue} empty="No venue is known yet.">
      {(each) => (
        <tr>
          <td><a href={link("venues", new URLSearchParams({ venue: each().venue }))}>{each().venue}</a></td>
          <td><State name={VenueState[each().state] ?? "?"} title={each().reason} /></td>
          <td class="end">{each().delayMs === undefined ? "—" : `${each().delayMs!.toFixed(0)} ms`}</td>
        </tr>
      )}
    </Listing>
  );
}

function Widest(): JSX.Element {
  const asked = poll(async () => fromJson<GetOverviewResponse>("GetOverviewResponse", await get("/api/overview")), 2000);
  const rows = createMemo(() => [...(asked.data()?.assets ?? [])].sort((a, b) => b.widestGrossPercent - a.widestGrossPercent).slice(0, ROWS));
  return (
    <Listing title="Widest spreads" note="gross, before fees" class="live" error={asked.error()} heads={["Asset", "Lowest ask", "Highest bid", ">Gross %", ">Venues"]} rows={rows()} by={(each) => each.asset} empty="Nothing is live yet.">
      {(each) => (
        <tr>
          <td><a href={link("prices", new URLSearchParams({ asset: each().asset }))}>{each().asset}</a></td>
          <td>{each().bestAskVenue} <span class="dim num">{price(each().bestAsk)}</span></td>
          <td>{each().bestBidVenue} <span class="dim num">{price(each().bestBid)}</span></td>
          <td class="end"><Percent value={each().widestGrossPercent} /></td>
          <td class="end">{each().venues.length}</td>
        </tr>
      )}
    </Listing>
  );
}

function Refusals(): JSX.Element {
  const asked = poll(refusals, 2000);
  const most = (): number => Math.max(1, ...(asked.data() ?? []).map((each) => each.count));
  return (
    <Listing title="Why not" note="candidates that would have paid and were refused, since the start" class="live" error={asked.error()} heads={["Reason", ">Times", ".Share"]} rows={asked.data() ?? []} by={(each) => each.words} empty={<><b>No candidate was refused yet</b>A pair that would pay and may not be shown is counted here, with its reason.</>}>
      {(each) => (
        <tr>
          <td>{each().words}</td>
          <td class="end">{count(each().count)}</td>
          <td aria-hidden="true"><div class="bar"><i style={{ transform: `scaleX(${each().count / most()})` }} /></div></td>
        </tr>
      )}
    </Listing>
  );
}

function LatestAlerts(): JSX.Element {
  return (
    <Listing title="Latest alerts" tools={<a href="#/alerts">All</a>} class="live" heads={["Fired", "Asset", "Buy → sell", ">Net %", "Rule"]} rows={alerts().slice(0, 5)} by={(each) => each.name} empty="No alert yet. A rule says when to tell whom: see Alerts.">
      {(each) => (
        <tr>
          <td class="num">{clock(each().firedAt, true)}</td>
          <td>{each().opportunity?.asset}</td>
          <td>{each().opportunity?.buy?.venue} → {each().opportunity?.sell?.venue}</td>
          <td class="end"><Percent value={each().opportunity?.costs?.netPercent ?? NaN} /></td>
          <td class="dim">{each().rule.replace("alertRules/", "")}</td>
        </tr>
      )}
    </Listing>
  );
}
