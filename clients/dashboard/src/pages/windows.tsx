// Windows of 15 seconds and minutes of one asset on chosen venues: what was, with gaps and coverage drawn as they are.

import { createMemo, For, Show, type JSX } from "solid-js";
import { board, known } from "../data/market";
import { columnsOf, joined, type WindowValue } from "../data/windows";
import { get } from "../link/rest";
import { serverNow } from "../link/socket";
import { type WindowRow } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { Chart, type Series } from "../ui/chart";
import { Export, type Exported } from "../ui/export";
import { exact, moment, percent, price } from "../ui/format";
import { Head, Listing } from "../ui/panel";
import { Card, Failure, Field, poll } from "../ui/parts";
import { change, param } from "../ui/route";
import { SavedViews } from "../ui/views";

const NAMES = { first: "the first instrument", second: "the second instrument", length: "the length", span: "the span" };
const SPANS: Record<string, string> = { "15": "15 minutes", "60": "1 hour", "240": "4 hours", "1440": "1 day" };
const MOST_ROWS = 1000;

const EXPORTED: Exported<WindowRow>[] = [
  { title: "venue", value: (r) => r.venue },
  { title: "symbol", value: (r) => r.symbol },
  { title: "start (ms since 1970, UTC)", value: (r) => r.timestamp },
  { title: "length (ms)", value: (r) => r.duration },
  { title: "avg_bid (quote currency)", value: (r) => r.avg_bid },
  { title: "avg_ask (quote currency)", value: (r) => r.avg_ask },
  { title: "min_bid (quote currency)", value: (r) => r.min_bid },
  { title: "max_ask (quote currency)", value: (r) => r.max_ask },
  { title: "avg_spread (quote currency)", value: (r) => r.avg_spread },
  { title: "time_weighted_bid (quote currency)", value: (r) => r.time_weighted_bid },
  { title: "time_weighted_ask (quote currency)", value: (r) => r.time_weighted_ask },
  { title: "ticks", value: (r) => r.tick_count },
  { title: "coverage (share of the time)", value: (r) => r.coverage },
  { title: "complete", value: (r) => String(r.is_complete) },
];

export default function Windows(): JSX.Element {
  const instruments = createMemo(() => {
    known();
    return Array.from({ length: board.count }, (_, row) => `${board.instruments[row]!.venue}|${board.instruments[row]!.symbol}`).sort();
  });
  const first = (): string => param("first") || preferred(instruments());
  const isMinutes = (): boolean => param("length") !== "15s";
  const spanMinutes = (): number => Number(param("span") || "60");
  const ask = async (which: string): Promise<WindowRow[]> => (which ? rows(which, isMinutes(), spanMinutes()) : []);
  const key = createMemo(() => [first(), param("second"), isMinutes(), spanMinutes()].join());
  return (
    <>
      <Head title="Windows" note="Closed windows, as they stand in the database; a gap is time in which nothing was live." />
      <div class="filters low">
        <Field label="Instrument" class="broad"><Pick value={first()} names={instruments()} onPick={(value) => change({ first: value })} /></Field>
        <Field label="Compared with" class="broad"><Pick value={param("second")} names={instruments()} onPick={(value) => change({ second: value })} /></Field>
        <Field label="Length">
          <select value={isMinutes() ? "60s" : "15s"} onChange={(e) => change({ length: e.currentTarget.value })}><option value="60s">minutes</option><option value="15s">15 seconds</option></select>
        </Field>
        <Field label="Span">
          <select value={String(spanMinutes())} onChange={(e) => change({ span: e.currentTarget.value })}><For each={Object.entries(SPANS)}>{([value, name]) => <option value={value} selected={Number(value) === spanMinutes()}>{name}</option>}</For></select>
        </Field>
        <SavedViews page="windows" names={NAMES} />
      </div>
      <Show when={first()} fallback={<p class="empty"><b>No instrument yet</b>The trackers list their markets first.</p>}>
        <Show when={key()} keyed>
          {(_) => <Charts first={first()} second={param("second")} isMinutes={isMinutes()} ask={ask} />}
        </Show>
      </Show>
    </>
  );
}

function Charts(props: { first: string; second: string; isMinutes: boolean; ask: (which: string) => Promise<WindowRow[]> }): JSX.Element {
  const asked = poll(async () => Promise.all([props.ask(props.first), props.ask(props.second)]), 10_000);
  const has = (which: 0 | 1): boolean => (asked.data()?.[which].length ?? 0) > 0;
  const rowsOf = (which: 0 | 1): WindowRow[] => asked.data()?.[which] ?? [];
  const all = (): WindowRow[] => [...rowsOf(0), ...rowsOf(1)];
  const tick = (): number => board.instruments[board.find(...(props.first.split("|") as [string, string])) ?? -1]?.tickSize ?? 0;
  const prices = createMemo(() => chartOf(rowsOf(0), rowsOf(1), ["time_weighted_bid", "time_weighted_ask"]));
  const coverage = createMemo(() => chartOf(rowsOf(0), rowsOf(1), ["coverage"]).map((each, i) => (i === 0 ? each : each.map((one) => (one === null ? null : one * 100)))));
  const spread = createMemo(() => crossing(rowsOf(0), rowsOf(1)));
  const series = (names: string[], colours: string[]): Series[] =>
    (props.second ? [props.first, props.second] : [props.first]).flatMap((which, w) =>
      names.map((name, n) => ({ label: `${which.replace("|", " ")} ${name}`, colour: colours[w * names.length + n]!, dash: n === 1 })));
  const path = (): string => `/api/${props.first.split("|")[0]}/${props.isMinutes ? "minutes" : "snapshots"}`;
  return (
    <>
      <Show when={asked.error()}><Failure error={asked.error()} /></Show>
      <Card title="Best bid and ask" note="weighted by the time that they stood" tools={<Export name="windows" rows={all} columns={EXPORTED} path={path()} query={{ symbol: props.first.split("|")[1] ?? "", limit: 1000 }} />}>
        <div class="in">
          <Show when={(prices()[0]?.length ?? 0) > 1} fallback={<p class="empty"><b>No two windows are closed yet</b>A window closes a moment after its end; minutes follow their fourth window. <Show when={props.isMinutes}><button class="more" onClick={() => change({ length: "15s" })}>Show those of 15 seconds</button></Show></p>}>
            <Chart label="Best bid and ask" unit="quote currency" height={280} tick={tick()} data={prices()} series={series(["bid", "ask"], ["one", "one", "two", "two"])} />
          </Show>
        </div>
      </Card>
      <Show when={has(1) && (spread()[0]?.length ?? 0) > 1}>
        <Card title="Gross spread between the two" note="sell at the one's bid, buy at the other's ask, before fees">
          <div class="in"><Chart label="Gross spread" unit="%" height={160} tick={0.001} data={spread()} series={[{ label: "first to second", colour: "one" }, { label: "second to first", colour: "two" }]} /></div>
        </Card>
      </Show>
      <Show when={(coverage()[0]?.length ?? 0) > 1}>
        <Card title="Coverage" note="share of each window in which a live quote of both sides stood">
          <div class="in"><Chart label="Coverage" unit="%" height={120} tick={1} data={coverage()} series={series([""], ["one", "two"])} /></div>
        </Card>
      </Show>
      <Listing
        title="Rows"
        note={`${all().length}, newest first`}
        scroll="closed"
        heads={["Start", "Venue", ">Bid", ">Ask", ">Mean spread", ">Ticks", ">Coverage", "Whole"]}
        rows={all().sort((a, b) => b.timestamp - a.timestamp).slice(0, 200)}
        by={(row) => `${row.timestamp} ${row.venue} ${row.symbol}`}
        empty="None."
      >
        {(row) => (
          <tr>
            <td class="num">{moment(row().timestamp)}</td><td>{row().venue}</td>
            <td class="end" title={exact(row().time_weighted_bid ?? NaN)}>{price(row().time_weighted_bid ?? NaN, tick())}</td>
            <td class="end" title={exact(row().time_weighted_ask ?? NaN)}>{price(row().time_weighted_ask ?? NaN, tick())}</td>
            <td class="end">{price(row().avg_spread ?? NaN)}</td><td class="end">{row().tick_count}</td>
            <td class="end">{percent(row().coverage * 100, 1).replace("+", "")} %</td>
            <td>{row().is_complete ? "yes" : <span class="warn">quotes are missing</span>}</td>
          </tr>
        )}
      </Listing>
    </>
  );
}

async function rows(which: string, isMinutes: boolean, spanMinutes: number): Promise<WindowRow[]> {
  const [venue, symbol] = which.split("|") as [string, string];
  const list = isMinutes ? "minutes" : "snapshots";
  const found: WindowRow[] = [];
  let token = "";
  const from = serverNow() - spanMinutes * 60_000; // this computer's clock may be off
  do {
    const query = { symbol, from, limit: MOST_ROWS, page_token: token };
    const answer = (await get(`/api/${venue}/${list}`, query)) as Record<string, unknown>;
    found.push(...((answer[list] as unknown[]) ?? []).map((row) => fromJson<WindowRow>("WindowRow", row)));
    token = String(answer.next_page_token ?? "");
  } while (token && found.length < 6 * MOST_ROWS);
  return found.filter((row) => row.symbol === symbol);
}

function chartOf(first: WindowRow[], second: WindowRow[], values: WindowValue[]): (number | null)[][] {
  const one = columnsOf(first, values);
  return second.length ? joined(one, columnsOf(second, values)) : one;
}

/** In percent, both ways. */
function crossing(first: WindowRow[], second: WindowRow[]): (number | null)[][] {
  const [at, bid, ask, otherBid, otherAsk] = joined(columnsOf(first, ["time_weighted_bid", "time_weighted_ask"]), columnsOf(second, ["time_weighted_bid", "time_weighted_ask"])) as (number | null)[][];
  const gross = (sell: number | null | undefined, buy: number | null | undefined): number | null => (sell && buy ? (sell / buy - 1) * 100 : null);
  return [at!, at!.map((_, i) => gross(otherBid![i], ask![i])), at!.map((_, i) => gross(bid![i], otherAsk![i]))];
}

function preferred(names: string[]): string {
  return names.find((name) => name.includes("|BTC/")) ?? names[0] ?? "";
}

function Pick(props: { value: string; names: string[]; onPick: (value: string) => void }): JSX.Element {
  return (
    <select value={props.value} onChange={(event) => props.onPick(event.currentTarget.value)}>
      <option value="">none</option>
      <For each={props.names}>{(name) => <option value={name} selected={name === props.value}>{name.replace("|", "  ")}</option>}</For>
    </select>
  );
}
