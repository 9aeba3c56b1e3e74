// What pays between two venues, live; each opens into its costs, both books, its life and both legs' minutes. And any pair of
// venues can be asked why it is or is not one.

import { createMemo, createSignal, onCleanup, onMount, Show, type JSX } from "solid-js";
import { closed, find, open, type Followed, version } from "../data/opportunities";
import { reasonWords } from "../data/processes";
import { serverNow } from "../link/socket";
import { clock, count, duration, exact, percent, price, size } from "../ui/format";
import { Export, type Exported } from "../ui/export";
import { onFrame } from "../ui/frames";
import { Grid, type Column } from "../ui/grid";
import { compare, ordering } from "../ui/ordering";
import { Head, Listing } from "../ui/panel";
import { change, param, params } from "../ui/route";
import { SavedViews } from "../ui/views";
import { ExplainPair, OpportunityDetail } from "./opportunity";

const NAMES = { asset: "the asset", venue: "the venue", min: "the least profit", sort: "the order", open: "the open row", explain: "the question" };

/** A row is a place in this list, so that the grid can hold numbers; the id is what lasts. */
let list: Followed[] = [];
const at = (row: number): Followed => list[row]!;
const of = (row: number) => at(row).opportunity;
const net = (row: number): number => of(row).costs?.netPercent ?? NaN;

interface OpportunityColumn extends Column {
  order: (row: number) => number | string;
}

const leg = (one: { venue: string; price: number } | undefined): string => (one ? `${one.venue}  ${price(one.price)}` : "—");
const COLUMNS: OpportunityColumn[] = [
  { key: "asset", title: "Asset", width: "minmax(80px,.8fr)", place: "a", text: (r) => of(r).asset, tone: () => "strong", order: (r) => of(r).asset },
  { key: "buy", title: "Buy at the ask", width: "minmax(150px,1.3fr)", place: "d", text: (r) => leg(of(r).buy), title_: (r) => exact(of(r).buy?.price ?? NaN), order: (r) => of(r).buy?.venue ?? "" },
  { key: "sell", title: "Sell at the bid", width: "minmax(150px,1.3fr)", place: "e", text: (r) => leg(of(r).sell), title_: (r) => exact(of(r).sell?.price ?? NaN), order: (r) => of(r).sell?.venue ?? "" },
  { key: "net", title: "Net %", width: "minmax(84px,.7fr)", align: "end", place: "c", help: "after the taker fees of opening and closing both legs", text: (r) => percent(net(r)), tone: (r) => `strong ${net(r) > 0 ? "up" : "down"}`, order: net },
  { key: "gross", title: "Gross %", width: "minmax(84px,.7fr)", align: "end", text: (r) => percent(of(r).costs?.grossPercent ?? NaN), order: (r) => of(r).costs?.grossPercent ?? NaN },
  { key: "peak", title: "Peak %", width: "minmax(84px,.7fr)", align: "end", text: (r) => percent(of(r).peakNetPercent), order: (r) => of(r).peakNetPercent },
  { key: "notional", title: "Notional", width: "minmax(110px,.9fr)", align: "end", place: "f", help: "what both top levels together allow", text: (r) => `${count(of(r).executableNotional)} ${of(r).buy?.quoteCurrency ?? ""}`, order: (r) => of(r).executableNotional },
  { key: "size", title: "Coins", width: "minmax(84px,.7fr)", align: "end", text: (r) => size(of(r).executableSize), order: (r) => of(r).executableSize },
  { key: "age", title: "Open for", width: "minmax(84px,.7fr)", align: "end", place: "b", text: (r) => duration(at(r).durationMs ?? serverNow() - (of(r).openTime ?? NaN)), order: (r) => -(of(r).openTime ?? 0) },
  { key: "cooldown", title: "Alerts", width: "minmax(90px,.7fr)", text: (r) => cooling(r), order: (r) => of(r).cooldown?.remaining ?? 0 },
];

function cooling(row: number): string {
  const cooldown = of(row).cooldown;
  if (!cooldown) return "";
  if (!cooldown.isKnown) return "not known";
  return cooldown.isActive ? `quiet ${duration(cooldown.remaining ?? 0)}` : "";
}

const EXPORTED: Exported<number>[] = [
  { title: "id", value: (r) => of(r).id },
  { title: "asset", value: (r) => of(r).asset },
  { title: "buy_venue", value: (r) => of(r).buy?.venue },
  { title: "buy_symbol", value: (r) => of(r).buy?.symbol },
  { title: "buy_price (quote currency per coin)", value: (r) => of(r).buy?.price },
  { title: "sell_venue", value: (r) => of(r).sell?.venue },
  { title: "sell_symbol", value: (r) => of(r).sell?.symbol },
  { title: "sell_price (quote currency per coin)", value: (r) => of(r).sell?.price },
  { title: "net (%)", value: net },
  { title: "gross (%)", value: (r) => of(r).costs?.grossPercent },
  { title: "size (coins)", value: (r) => of(r).executableSize },
  { title: "notional (quote currency)", value: (r) => of(r).executableNotional },
  { title: "opened (ms since 1970, UTC)", value: (r) => of(r).openTime },
];

export default function Opportunities(): JSX.Element {
  const sort = (): string => param("sort") || "-net";
  const rows = ordering(() => select(sort()), (row) => at(row).opportunity.id);
  onMount(() => onCleanup(onFrame(rows.tick)));
  const selected = createMemo(() => (version(), find(param("open"))));
  const asked = createMemo(() => params("explain"));
  const filter = (name: string, value: string): void => (change({ [name]: value }), rows.refresh());

  return (
    <>
      <Head title="Opportunities" note={<span class="num">{(version(), open.size)} open, net of every fee</span>}>
        <Export name="opportunities" rows={rows.rows} columns={EXPORTED} path="/api/arbitrage" query={{ symbol: param("asset"), minProfit: param("min") }}
          grpc={{ port: 50053, method: "crossbook.v1.ArbitrageService/ListOpportunities", request: param("asset") ? { assets: [param("asset")] } : {} }} />
      </Head>
      <div class="filters" role="search">
        <input aria-label="Asset" placeholder="Asset" value={param("asset")} onInput={(e) => filter("asset", e.currentTarget.value.toUpperCase())} />
        <input aria-label="Venue" placeholder="Venue" value={param("venue")} onInput={(e) => filter("venue", e.currentTarget.value.toLowerCase())} />
        <input aria-label="Least net percent" placeholder="Net % from" inputmode="decimal" size="9" value={param("min")} onInput={(e) => filter("min", e.currentTarget.value.replace(",", "."))} />
        <Why />
        <SavedViews page="opportunities" names={NAMES} />
        <Show when={rows.waiting() > 0}><button class="more" onClick={rows.refresh}>{rows.waiting()} new</button></Show>
      </div>
      <div class="split" classList={{ "has-detail": selected() !== undefined || asked().length === 3 }}>
        <div class="live stack pair">
          <Grid
            label="Open opportunities"
            columns={COLUMNS}
            order={rows.rows}
            sort={sort()}
            onSort={(next) => (change({ sort: next }), rows.refresh())}
            idOf={(row) => of(row).id}
            selected={param("open")}
            onSelect={(row) => change({ open: row === null ? "" : of(row).id, explain: "" })}
            onHold={rows.hold}
            rowTone={(row) => (open.has(of(row).id) ? "" : "is-gone")}
            empty={<><b>Nothing pays after fees just now</b>That is the usual state of a market. Ask above why a pair does not.</>}
          />
          <Closed />
        </div>
        <Show when={asked().length === 3} fallback={<Show when={selected()}>{(one) => <OpportunityDetail followed={one()} onClose={() => change({ open: "" })} />}</Show>}>
          <ExplainPair asset={asked()[0]!} buy={asked()[1]!} sell={asked()[2]!} onClose={() => change({ explain: "" })} />
        </Show>
      </div>
    </>
  );
}

/** Rows that are held keep their places, so a place is given for good to an id until the list is made anew. */
function select(sort: string): number[] {
  const [asset, venue, min] = [param("asset"), param("venue"), parseFloat(param("min"))];
  const isWanted = ({ opportunity: one }: Followed): boolean =>
    (!asset || one.asset.includes(asset)) &&
    (!venue || (one.buy?.venue.includes(venue) ?? false) || (one.sell?.venue.includes(venue) ?? false)) &&
    (!Number.isFinite(min) || (one.costs?.netPercent ?? 0) >= min);
  const known = new Map(list.map((each, i) => [each.opportunity.id, i]));
  if (list.length > 4000) (list = []), known.clear();
  const rows: number[] = [];
  for (const followed of open.values()) {
    if (!isWanted(followed)) continue;
    let row = known.get(followed.opportunity.id);
    if (row === undefined) row = list.push(followed) - 1;
    list[row] = followed;
    rows.push(row);
  }
  const column = COLUMNS.find((each) => each.key === sort.replace("-", "")) ?? COLUMNS[3]!;
  return rows.sort((a, b) => compare(column.order(a), column.order(b), sort.startsWith("-")) || a - b);
}

function Why(): JSX.Element {
  const [text, setText] = createSignal(params("explain").join(" "));
  const ask = (event: Event): void => {
    event.preventDefault();
    const [asset, buy, sell] = text().trim().split(/[\s,]+/);
    if (asset && buy && sell) change({ explain: [asset.toUpperCase(), buy.toLowerCase(), sell.toLowerCase()].join(), open: "" });
  };
  return (
    <form class="filters" onSubmit={ask}>
      <input aria-label="Why: asset, venue to buy on, venue to sell on" placeholder="Why? BTC binance okx" value={text()} onInput={(e) => setText(e.currentTarget.value)} />
      <button class="button" type="submit">Explain</button>
    </form>
  );
}

function Closed(): JSX.Element {
  const rows = createMemo(() => (version(), closed.slice(0, 50)));
  return (
    <Listing title="Closed since this page was opened" note={`${rows().length}`} scroll="closed" heads={["Closed", "Asset", "Buy → sell", ">Peak %", ">Lived", "Why it closed"]} rows={rows()} by={(each) => each.opportunity.id} empty="None yet.">
      {(each) => (
        <tr>
          <td class="num">{clock(each().closedMs, true)}</td>
          <td><button class="more" onClick={() => change({ open: each().opportunity.id, explain: "" })}>{each().opportunity.asset}</button></td>
          <td>{each().opportunity.buy?.venue} → {each().opportunity.sell?.venue}</td>
          <td class="end">{percent(each().opportunity.peakNetPercent)}</td>
          <td class="end">{duration(each().durationMs ?? NaN)}</td>
          <td>{reasonWords(each().closeReason ?? "")}</td>
        </tr>
      )}
    </Listing>
  );
}
