// How each venue is doing: state with its reason and since when, clock, delay, counters, lanes; start, stop, and its log.

import { createMemo, createSignal, For, Show, type JSX } from "solid-js";
import { venueStats } from "../data/processes";
import { health } from "../data/system";
import { may, OPERATOR } from "../link/session";
import { get, post } from "../link/rest";
import { venueAges } from "../link/socket";
import { VenueState, type ListVenueMarketsResponse, type MarketRow, type VenueStats } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { clock, count, duration, moment } from "../ui/format";
import { Log } from "../ui/log";
import { Beside, Head, Listing } from "../ui/panel";
import { poll, seconds, State } from "../ui/parts";
import { change, link, param } from "../ui/route";
import { attempt, say } from "../ui/toasts";

type Row = { target: string; stats: VenueStats };

export default function Venues(): JSX.Element {
  const asked = poll(venueStats, 1000);
  const now = seconds();
  const rows = (): Row[] => asked.data() ?? [];
  const selected = createMemo(() => rows().find((each) => each.stats.venue === param("venue")));
  const healthOf = (venue: string) => health().find((each) => each.venue === venue);
  return (
    <>
      <Head title="Venues" note="Whether each can be believed, and why not." />
      <Matrix rows={rows()} />
      <div class="split flow" classList={{ "has-detail": selected() !== undefined }}>
        <Listing
          title="Every venue"
          class="live"
          error={asked.error()}
          heads={["Venue", "State", "Since", ">Live", ">Newest", ">Clock", ">Late by", ">Gaps", ">Resyncs", ">Redials", "Reason"]}
          rows={rows()}
          by={(row) => `${row.stats.venue} ${row.target}`}
          empty="The trackers have not answered yet."
        >
          {(row) => {
            const stats = (): VenueStats => row().stats;
            return (
              <tr classList={{ "is-selected": stats().venue === param("venue") }}>
                <td><a href={link("venues", new URLSearchParams({ venue: stats().venue }))}>{stats().venue}</a></td>
                <td><State name={VenueState[stats().state] ?? "?"} /></td>
                <td class="num">{clock(healthOf(stats().venue)?.sinceTime, true)}</td>
                <td class="end">{stats().liveMarkets} of {stats().markets}</td>
                <td class="end">{(now(), venueAges()[stats().venue] === undefined ? "—" : duration(venueAges()[stats().venue]!))}</td>
                <td class="end">{ms(stats().clockOffsetMs, true)}</td>
                <td class="end">{ms(stats().delayMs)}</td>
                <td class="end">{count(stats().gaps)}</td>
                <td class="end">{count(stats().resyncs)}</td>
                <td class="end">{count(stats().reconnects)}</td>
                <td class="dim">{stats().reason}</td>
              </tr>
            );
          }}
        </Listing>
        <Show when={selected()?.stats.venue} keyed>{(_) => <Detail row={selected()!} onClose={() => change({ venue: "" })} />}</Show>
      </div>
      <Log contains={param("venue")} />
    </>
  );
}

function ms(value: number | undefined, isSigned = false): string {
  if (value === undefined) return "unknown";
  return `${isSigned && value > 0 ? "+" : ""}${value.toFixed(0).replace("-", "−")} ms`;
}

/** Venue × state, at a glance: how many there are of each. */
function Matrix(props: { rows: Row[] }): JSX.Element {
  const states = ["LIVE", "DEGRADED", "STARTING", "DOWN"];
  const of = (state: string): Row[] => props.rows.filter(({ stats }) => VenueState[stats.state] === state);
  return (
    <div class="figures live" aria-label="Venues by state">
      <For each={states}>
        {(state) => (
          <div class="figure">
            <State name={state} />
            <b>{of(state).length}</b>
            <span>{of(state).map(({ stats }) => stats.venue).join(", ") || "none"}</span>
          </div>
        )}
      </For>
    </div>
  );
}

function Detail(props: { row: Row; onClose: () => void }): JSX.Element {
  const stats = (): VenueStats => props.row.stats;
  return (
    <Beside label={stats().venue} title={stats().venue} head={<><State name={VenueState[stats().state] ?? "?"} /><span class="gap" /></>} onClose={props.onClose}>
      <Show when={stats().reason}><p class="verdict">{stats().reason}</p></Show>
      <dl class="facts live">
        <dt>Tracker</dt><dd class="mono">{props.row.target}</dd>
        <dt>Sockets</dt><dd>{stats().connected ? "all are open" : "some are down"}</dd>
        <dt>Last frame</dt><dd>{moment(stats().lastMessageTime)}</dd>
        <dt>Frames, quotes</dt><dd>{count(stats().messagesReceived)}, {count(stats().quotesEmitted)}</dd>
        <dt>Frame to quote, median</dt><dd>{stats().frameToQuoteP50Us.toFixed(0)} µs</dd>
        <dt>Our clock ahead of it by</dt><dd>{ms(stats().clockOffsetMs, true)}</dd>
        <dt>Quotes late by</dt><dd>{ms(stats().delayMs)}</dd>
        <dt>Gaps, resyncs</dt><dd>{count(stats().gaps)}, {count(stats().resyncs)}</dd>
        <dt>Frames that could not be read</dt><dd>{count(stats().parseErrors)}</dd>
        <dt>Quiet and confirmed, frozen</dt><dd>{count(stats().confirmed)}, {count(stats().frozen)}</dd>
        <dt>Quotes dropped</dt><dd>{count(stats().droppedQuotes)}</dd>
      </dl>
      <h3>Lanes to the aggregators</h3>
      <table>
        <thead><tr><th>Shard</th><th>Stream</th><th class="end">Not committed</th><th class="end">Dropped</th></tr></thead>
        <tbody>
          <For each={stats().lanes}>
            {(lane) => <tr><td>{lane.shard}</td><td>{lane.isConnected ? (lane.isLeaving ? "leaving" : "open") : <span class="bad">{lane.problem || "lost"}</span>}</td><td class="end">{count(lane.unacknowledgedBatches)}</td><td class="end">{count(lane.droppedQuotes)}</td></tr>}
          </For>
        </tbody>
      </table>
      <Steer venue={stats().venue} />
    </Beside>
  );
}

function Steer(props: { venue: string }): JSX.Element {
  const [markets, setMarkets] = createSignal<MarketRow[]>();
  const load = async (): Promise<void> => {
    const answer = await get(`/api/${props.venue}/markets`, { limit: 10_000 });
    setMarkets(fromJson<ListVenueMarketsResponse>("ListVenueMarketsResponse", answer).markets);
  };
  const symbols = (isActive: boolean): string[] => (markets() ?? []).filter((each) => each.active === isActive).map((each) => each.symbol);
  const start = (names: string[]): Promise<unknown> => post(`/api/${props.venue}/start`, { symbols: names });
  const stopAll = async (): Promise<void> => {
    await load();
    const stopped = symbols(true);
    if (!confirm(`Stop all ${stopped.length} instruments of ${props.venue}? Their books close; other venues go on.`)) return;
    if (await attempt("", () => post(`/api/${props.venue}/stop`, { symbols: stopped }))) {
      say(`${props.venue} is stopped.`, { undo: () => void attempt(`${props.venue} is tracked again.`, () => start(stopped)) });
      await load();
    }
  };
  return (
    <section aria-label="Start and stop">
      <h3>Start and stop</h3>
      <Show when={may(OPERATOR)} fallback={<p class="dim">For operators: open the link that `crossbook up` printed, or run `crossbook login`.</p>}>
        <div class="actions">
          <button class="button danger" onClick={() => void stopAll()}>Stop all of it</button>
          <button class="button" onClick={() => void attempt("Its markets are tracked.", () => start([])).then(load)}>Start what the settings allow</button>
          <button class="button" onClick={() => void attempt("", load)}>List markets</button>
        </div>
        <Show when={markets()}>
          <p class="dim">{symbols(true).length} tracked, {symbols(false).length} not.</p>
          <div tabindex="0" class="scroll closed">
            <table>
              <tbody>
                <For each={(markets() ?? []).slice(0, 300)}>
                  {(each) => (
                    <tr>
                      <td>{each.symbol}</td><td class="dim mono">{each.native_symbol}</td>
                      <td class="end"><button class="button" onClick={() => void attempt(each.active ? `${each.symbol} is stopped.` : `${each.symbol} is tracked.`, () => (each.active ? post(`/api/${props.venue}/stop`, { symbols: [each.symbol] }) : start([each.symbol]))).then(load)}>{each.active ? "Stop" : "Start"}</button></td>
                    </tr>
                  )}
                </For>
              </tbody>
            </table>
          </div>
        </Show>
      </Show>
    </section>
  );
}

