// Every instrument, live: filters, order, columns and the open row are in the link. A book that is not live has no price.

import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount, Show, type JSX } from "solid-js";
import { board, followSome, known } from "../data/market";
import { serverNow, state as linkState } from "../link/socket";
import { duration, exact, percent, price, size } from "../ui/format";
import { copy, Export, type Exported } from "../ui/export";
import { onFrame } from "../ui/frames";
import { Grid, type Column } from "../ui/grid";
import { compare, ordering } from "../ui/ordering";
import { Head } from "../ui/panel";
import { change, param, params } from "../ui/route";
import { SavedViews } from "../ui/views";
import { Instrument } from "./instrument";

const NAMES = { q: "the text", asset: "the asset", venue: "venues", state: "states", sort: "the order", cols: "columns", pin: "pins", open: "the open row" };
const VENUE_MOST = 40;

/** What stands in place of a price that may not be shown. */
function orWord(row: number, text: () => string): string {
  return board.isLive(row) ? text() : "";
}

const ofInstrument = (row: number) => board.instruments[row]!;
const tick = (row: number): number => ofInstrument(row).tickSize;
const age = (row: number): number => serverNow() - board.receivedMs[row]!;
const flash = (row: number): string => {
  const isNew = board.version - board.changed[row]! < 3 && board.moved[row] !== 0;
  return isNew ? `flash ${board.moved[row]! > 0 ? "rise" : "fall"}` : "";
};

interface PriceColumn extends Column {
  order: (row: number) => number | string;
  exported: (row: number) => string | number | undefined;
  unit?: string;
}

const COLUMNS: PriceColumn[] = [
  { key: "symbol", title: "Instrument", width: "minmax(150px,1.5fr)", place: "a", text: (r) => ofInstrument(r).symbol, tone: () => "strong", order: (r) => ofInstrument(r).symbol, exported: (r) => ofInstrument(r).symbol },
  { key: "venue", title: "Venue", width: "minmax(96px,1fr)", place: "d", text: (r) => ofInstrument(r).venue, order: (r) => ofInstrument(r).venue, exported: (r) => ofInstrument(r).venue },
  { key: "state", title: "State", width: "minmax(104px,.8fr)", place: "e", text: (r) => board.stateName(r), tone: (r) => `state ${board.stateName(r)}`, order: (r) => board.stateName(r), exported: (r) => board.stateName(r) },
  { key: "bid", title: "Bid", width: "minmax(104px,1fr)", align: "end", place: "b", text: (r) => orWord(r, () => price(board.bid[r]!, tick(r))), title_: (r) => orWord(r, () => exact(board.bid[r]!)), tone: flash, order: (r) => (board.isLive(r) ? board.bid[r]! : NaN), exported: (r) => board.bid[r]! || undefined, unit: "quote currency" },
  { key: "ask", title: "Ask", width: "minmax(104px,1fr)", align: "end", place: "c", text: (r) => orWord(r, () => price(board.ask[r]!, tick(r))), title_: (r) => orWord(r, () => exact(board.ask[r]!)), tone: flash, order: (r) => (board.isLive(r) ? board.ask[r]! : NaN), exported: (r) => board.ask[r]! || undefined, unit: "quote currency" },
  { key: "spread", title: "Spread %", width: "minmax(84px,.7fr)", align: "end", place: "f", text: (r) => orWord(r, () => percent(board.spreadPercent(r), 4).replace("+", "")), order: (r) => board.spreadPercent(r), exported: (r) => board.spreadPercent(r), unit: "%" },
  { key: "bidSize", title: "Bid size", width: "minmax(84px,.8fr)", align: "end", text: (r) => orWord(r, () => size(board.bidSize[r]!)), order: (r) => board.bidSize[r]!, exported: (r) => board.bidSize[r]! || undefined, unit: "base units" },
  { key: "askSize", title: "Ask size", width: "minmax(84px,.8fr)", align: "end", text: (r) => orWord(r, () => size(board.askSize[r]!)), order: (r) => board.askSize[r]!, exported: (r) => board.askSize[r]! || undefined, unit: "base units" },
  { key: "quote", title: "In", width: "minmax(64px,.5fr)", text: (r) => ofInstrument(r).quoteCurrency, order: (r) => ofInstrument(r).quoteCurrency, exported: (r) => ofInstrument(r).quoteCurrency },
  { key: "fee", title: "Taker %", width: "minmax(76px,.6fr)", align: "end", text: (r) => ofInstrument(r).takerFeePercent?.toFixed(3) ?? "unknown", order: (r) => ofInstrument(r).takerFeePercent ?? NaN, exported: (r) => ofInstrument(r).takerFeePercent, unit: "%" },
  { key: "age", title: "Age", width: "minmax(80px,.7fr)", align: "end", text: (r) => duration(age(r)), order: (r) => -board.receivedMs[r]!, exported: (r) => Math.round(age(r)), unit: "ms" },
];
const ALWAYS = ["symbol", "venue", "state", "bid", "ask"];

export default function Prices(): JSX.Element {
  const [venues, setVenues] = createSignal<string[]>([]);
  const sort = (): string => param("sort") || "symbol";
  const columns = createMemo(() => {
    const hidden = params("cols");
    return COLUMNS.filter((each) => !hidden.includes(each.key));
  });
  const rows = ordering(find, idOf);
  const some = followSome(5);
  onCleanup(() => some.close());
  onMount(() => onCleanup(onFrame(rows.tick)));
  createEffect(on([() => param("q"), () => param("asset"), () => param("venue"), () => param("state"), sort, () => param("pin"), known], rows.refresh));
  createEffect(() => {
    known();
    const names = new Set<string>();
    for (let row = 0; row < board.count; row++) names.add(ofInstrument(row).venue);
    if (names.size !== venues().length) setVenues([...names].sort());
  });
  const selected = createMemo(() => {
    known();
    const [venue, symbol] = param("open").split("|") as [string, string | undefined];
    return symbol ? board.find(venue, symbol) : undefined;
  });
  const onCopy = (event: KeyboardEvent): void => {
    const row = selected();
    if (event.key !== "c" || event.ctrlKey || event.metaKey || row === undefined) return;
    if (board.isLive(row)) copy(`${exact(board.bid[row]!)}\t${exact(board.ask[row]!)}`, "Bid and ask are copied in full.");
  };

  return (
    <>
      <Head title="Prices" note={<Counted of={rows.rows} />}>
        <Export name="prices" rows={rows.rows} columns={EXPORTED} path="/api/prices" query={{ venue: params("venue"), asset: params("asset") }}
          grpc={{ port: 50052, method: "crossbook.v1.AggregatorService/ListLatestQuotes", request: { filter: { venues: params("venue"), assets: params("asset") } } }} />
      </Head>
      <div class="filters" role="search">
        <input type="search" aria-label="Filter by text" placeholder="Filter" value={param("q")} onInput={(e) => change({ q: e.currentTarget.value })} />
        <select aria-label="Venue" value={param("venue")} onChange={(e) => change({ venue: e.currentTarget.value })}>
          <option value="">All venues</option>
          <For each={venues().slice(0, VENUE_MOST)}>{(each) => <option value={each} selected={each === param("venue")}>{each}</option>}</For>
        </select>
        <select aria-label="State" value={param("state")} onChange={(e) => change({ state: e.currentTarget.value })}>
          <option value="">Any state</option>
          <For each={["LIVE", "RESYNCING", "STALE", "CLOSED"]}>{(each) => <option value={each}>{each}</option>}</For>
        </select>
        <Show when={param("asset")}>
          <button class="button" onClick={() => change({ asset: "" })} aria-label={`No longer only ${param("asset")}`}>{param("asset")} ✕</button>
        </Show>
        <ColumnChoice />
        <SavedViews page="prices" names={NAMES} />
        <Show when={rows.waiting() > 0}><button class="more" onClick={rows.refresh}>{rows.waiting()} new</button></Show>
      </div>
      <div class="split" classList={{ "has-detail": selected() !== undefined }} onKeyDown={onCopy}>
        <div class="live stack">
          <Grid
            label="Prices of all instruments"
            columns={columns()}
            order={rows.rows}
            sort={sort()}
            onSort={(next) => change({ sort: next })}
            idOf={idOf}
            selected={param("open")}
            onSelect={(row) => change({ open: row === null ? "" : idOf(row) })}
            onHold={rows.hold}
            onVisible={some.show}
            empty={<Empty />}
          />
        </div>
        <Show when={selected() !== undefined && param("open")} keyed>{(_) => <Instrument row={selected()!} onClose={() => change({ open: "" })} />}</Show>
      </div>
    </>
  );
}

const EXPORTED: Exported<number>[] = COLUMNS.map((each) => ({ title: each.unit ? `${each.title} (${each.unit})` : each.title, value: each.exported }));

function idOf(row: number): string {
  const { venue, symbol } = ofInstrument(row);
  return `${venue}|${symbol}`;
}

function find(): number[] {
  const [text, venue, asset, state, pins] = [param("q").toLowerCase(), params("venue"), params("asset"), params("state"), params("pin")];
  const found: number[] = [];
  for (let row = 0; row < board.count; row++) {
    const each = ofInstrument(row);
    if (venue.length && !venue.includes(each.venue)) continue;
    if (asset.length && !asset.includes(each.asset)) continue;
    if (state.length && !state.includes(board.stateName(row))) continue;
    if (text && !`${each.symbol} ${each.venue} ${each.nativeSymbol} ${each.asset}`.toLowerCase().includes(text)) continue;
    found.push(row);
  }
  const wish = param("sort") || "symbol";
  const isDescending = wish.startsWith("-");
  const column = COLUMNS.find((each) => each.key === wish.replace("-", "")) ?? COLUMNS[0]!;
  const keys = new Map(found.map((row) => [row, column.order(row)]));
  const isPinned = (row: number): number => Number(pins.includes(ofInstrument(row).asset));
  return found.sort((a, b) => isPinned(b) - isPinned(a) || compare(keys.get(a)!, keys.get(b)!, isDescending) || a - b);
}

function Counted(props: { of: () => number[] }): JSX.Element {
  const [shown, setShown] = createSignal("");
  onMount(() => onCleanup(onFrame(() => {
    const rows = props.of();
    const live = rows.reduce((sum, row) => sum + Number(board.isLive(row)), 0);
    setShown(`${rows.length} instruments, ${live} live`);
  })));
  return <span class="num" aria-live="off">{shown()}</span>;
}

function ColumnChoice(): JSX.Element {
  const [isOpen, setOpen] = createSignal(false);
  let menu!: HTMLDivElement;
  const away = (event: Event): void => void (menu.contains(event.target as Node) || setOpen(false));
  onMount(() => (addEventListener("pointerdown", away), onCleanup(() => removeEventListener("pointerdown", away))));
  const flip = (key: string): void => {
    const hidden = params("cols");
    change({ cols: (hidden.includes(key) ? hidden.filter((each) => each !== key) : [...hidden, key]).join() });
  };
  return (
    <div class="menu" ref={menu}>
      <button class="button" aria-expanded={isOpen()} onClick={() => setOpen(!isOpen())}>Columns</button>
      <Show when={isOpen()}>
        <div class="sheet left">
          <For each={COLUMNS.filter((each) => !ALWAYS.includes(each.key))}>
            {(each) => <label><input type="checkbox" checked={!params("cols").includes(each.key)} onChange={() => flip(each.key)} /> {each.title}</label>}
          </For>
        </div>
      </Show>
    </div>
  );
}

function Empty(): JSX.Element {
  return (
    <Show when={known() > 0} fallback={<><b>{linkState() === "live" ? "No instrument yet" : "Not connected"}</b>The trackers list their markets first; the first books follow within seconds.</>}>
      <b>No instrument matches</b>Reset the filters to see all of them.
    </Show>
  );
}

