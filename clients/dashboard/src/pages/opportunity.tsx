// One opportunity, opened; and the same for any pair of venues that is asked about.

import { createMemo, Show, type JSX } from "solid-js";
import { open, version, type Followed } from "../data/opportunities";
import { reasonWords } from "../data/processes";
import { columnsOf, joined } from "../data/windows";
import { get } from "../link/rest";
import { serverNow } from "../link/socket";
import { RefusalReason, type ExplainSpreadResponse, type Leg, type ListMinuteRowsResponse, type ListSnapshotRowsResponse, type Opportunity } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { Chart } from "../ui/chart";
import { count, duration, exact, moment, percent, price, size } from "../ui/format";
import { Beside } from "../ui/panel";
import { Failure, Percent, poll, seconds, State } from "../ui/parts";
import { link } from "../ui/route";
import { Book } from "./instrument";

export function OpportunityDetail(props: { followed: Followed; onClose: () => void }): JSX.Element {
  const one = (): Opportunity => props.followed.opportunity;
  const isOpen = (): boolean => (version(), open.has(one().id));
  const now = seconds(500);
  return (
    <Beside label={`Opportunity in ${one().asset}`} title={one().asset} head={<><State name={isOpen() ? "OPENED" : "CLOSED"} /><span class="gap" /></>} onClose={props.onClose}>
      <p class="verdict">
        Buy on <b>{one().buy?.venue}</b>, sell on <b>{one().sell?.venue}</b>: {percent(one().costs?.netPercent ?? NaN)} % after fees on up to{" "}
        {count(one().executableNotional)} {one().buy?.quoteCurrency}.{" "}
        <Show when={!isOpen()}>Closed: {reasonWords(props.followed.closeReason ?? "")}, after {duration(props.followed.durationMs ?? NaN)}.</Show>
      </p>
      <Costs of={one()} />
      <Life followed={props.followed} />
      <dl class="facts">
        <dt>Opened</dt><dd>{moment(one().openTime)}</dd>
        <dt>{isOpen() ? "Open for" : "Lived"}</dt><dd>{isOpen() ? (now(), duration(serverNow() - (one().openTime ?? NaN))) : duration(props.followed.durationMs ?? NaN)}</dd>
        <dt>Peak</dt><dd>{percent(one().peakNetPercent)} %</dd>
        <dt>Id</dt><dd class="mono">{one().id}</dd>
      </dl>
      <Pair asset={one().asset} buy={one().buy} sell={one().sell} />
    </Beside>
  );
}

export function ExplainPair(props: { asset: string; buy: string; sell: string; onClose: () => void }): JSX.Element {
  const key = createMemo(() => `${props.asset},${props.buy},${props.sell}`);
  return (
    <Beside label="Explanation" title={`${props.asset}: ${props.buy} → ${props.sell}`} head={<><span class="gap" /><a class="button bare" href={link("opportunities", new URLSearchParams({ explain: `${props.asset},${props.sell},${props.buy}` }))}>Turn round</a></>} onClose={props.onClose}>
      <Show when={key()} keyed>{(_) => <Explained asset={props.asset} buy={props.buy} sell={props.sell} />}</Show>
    </Beside>
  );
}

function Explained(props: { asset: string; buy: string; sell: string }): JSX.Element {
  const ask = async (): Promise<ExplainSpreadResponse> =>
    fromJson("ExplainSpreadResponse", await get("/api/explain", { asset: props.asset, buyVenue: props.buy, sellVenue: props.sell }));
  const asked = poll(ask, 1000);
  return (
    <>
      <Show when={asked.error()}><Failure error={asked.error()} /></Show>
      <Show when={asked.data()}>
        {(answer) => (
          <>
            <p class="verdict">
              <b>{answer().reason === 0 ? "Published." : `Refused: ${reasonWords(answer().reason)}.`}</b> {answer().explanation}
              <Show when={answer().reason !== 0}><span class="tag">{RefusalReason[answer().reason]}</span></Show>
            </p>
            <Show when={answer().identityFinding}><a href={link("identity")}>Decide whether they are one asset</a></Show>
            <dl class="facts">
              <dt>Age of the buy quote</dt><dd>{answer().buyAge === undefined ? "none" : duration(answer().buyAge!)}</dd>
              <dt>Age of the sell quote</dt><dd>{answer().sellAge === undefined ? "none" : duration(answer().sellAge!)}</dd>
            </dl>
            <Show when={answer().opportunity}>{(one) => <><Costs of={one()} /><Pair asset={props.asset} buy={one().buy} sell={one().sell} /></>}</Show>
          </>
        )}
      </Show>
    </>
  );
}

function Costs(props: { of: Opportunity }): JSX.Element {
  const costs = () => props.of.costs;
  const legs = (one: Leg | undefined): string => (one ? `${price(one.price)} ${one.quoteCurrency} × ${size(one.size)}` : "—");
  return (
    <dl class="facts live">
      <dt>Buy on {props.of.buy?.venue || "—"}, ask</dt><dd title={exact(props.of.buy?.price ?? NaN)}>{legs(props.of.buy)}</dd>
      <dt>Sell on {props.of.sell?.venue || "—"}, bid</dt><dd title={exact(props.of.sell?.price ?? NaN)}>{legs(props.of.sell)}</dd>
      <Show when={props.of.conversion}>
        {(rate) => <><dt>{rate().fromCurrency} in {rate().toCurrency}</dt><dd>{rate().rate ? exact(rate().rate) : "unknown"}{rate().isAssumed ? ", assumed" : ""}</dd></>}
      </Show>
      <dt>Gross</dt><dd>{percent(costs()?.grossPercent ?? NaN)} %</dd>
      <dt>Fees of opening both legs</dt><dd>−{(costs()?.entryFeesPercent ?? NaN).toFixed(3)} %</dd>
      <dt>Fees of closing both legs</dt><dd>−{(costs()?.exitFeesPercent ?? NaN).toFixed(3)} %</dd>
      <dt class="total">Net</dt><dd class="total"><Percent value={costs()?.netPercent ?? NaN} /> %</dd>
    </dl>
  );
}

function Life(props: { followed: Followed }): JSX.Element {
  const data = createMemo(() => {
    version();
    const life = props.followed.life;
    const columns: [number[], number[]] = [[], []];
    for (let i = 0; i < life.length; i += 2) (columns[0].push(life[i]! / 1e3), columns[1].push(life[i + 1]!));
    return columns;
  });
  return (
    <section aria-label="Its life">
      <h3>Its life, as far as this page saw it</h3>
      <Show when={data()[0].length > 1} fallback={<p class="dim">It has not moved since.</p>}>
        <Chart label="Net percent" unit="net %" height={120} tick={0.001} data={data()} series={[{ label: "net", colour: "one", fill: true }]} />
      </Show>
    </section>
  );
}

/** Both books, and both legs' windows on one time axis, gaps as gaps. */
function Pair(props: { asset: string; buy: Leg | undefined; sell: Leg | undefined }): JSX.Element {
  const has = (): boolean => Boolean(props.buy?.symbol && props.sell?.symbol);
  return (
    <Show when={has()}>
      <Show when={`${props.buy!.venue}|${props.buy!.symbol}|${props.sell!.venue}|${props.sell!.symbol}`} keyed>
        {(_) => (
          <>
            <Legs buy={props.buy!} sell={props.sell!} />
            <Book venue={props.buy!.venue} symbol={props.buy!.symbol} tick={0} depth={6} />
            <Book venue={props.sell!.venue} symbol={props.sell!.symbol} tick={0} depth={6} />
          </>
        )}
      </Show>
    </Show>
  );
}

function Legs(props: { buy: Leg; sell: Leg }): JSX.Element {
  const rows = async (leg: Leg): Promise<(number | null)[][]> => {
    const [snapshots, minutes] = await Promise.all([
      get(`/api/${leg.venue}/snapshots`, { symbol: leg.symbol, limit: 120 }),
      get(`/api/${leg.venue}/minutes`, { symbol: leg.symbol, limit: 60 }),
    ]);
    const fine = fromJson<ListSnapshotRowsResponse>("ListSnapshotRowsResponse", snapshots).snapshots.filter((row) => row.symbol === leg.symbol);
    const coarse = fromJson<ListMinuteRowsResponse>("ListMinuteRowsResponse", minutes).minutes.filter((row) => row.symbol === leg.symbol);
    return columnsOf(fine.length > 1 ? fine : coarse, [leg === props.buy ? "time_weighted_ask" : "time_weighted_bid"]);
  };
  const asked = poll(async () => joined(await rows(props.buy), await rows(props.sell)), 15_000);
  return (
    <section aria-label="Both legs">
      <h3>Both legs, 15 seconds a point</h3>
      <Show when={asked.error()}><Failure error={asked.error()} /></Show>
      <Show when={(asked.data()?.[0]?.length ?? 0) > 1} fallback={<p class="dim">No two windows are closed yet.</p>}>
        <Chart label="Both legs" unit="time-weighted" height={170} data={asked.data()!} series={[{ label: `${props.buy.venue} ask`, colour: "one" }, { label: `${props.sell.venue} bid`, colour: "two" }]} />
      </Show>
    </section>
  );
}
