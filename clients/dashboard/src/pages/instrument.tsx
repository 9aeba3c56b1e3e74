// One instrument beside the grid: its book, its minutes, its facts, and its asset on the other venues.

import { createMemo, For, Show, type JSX } from "solid-js";
import { board } from "../data/market";
import { may, OPERATOR } from "../link/session";
import { get, post } from "../link/rest";
import { serverNow } from "../link/socket";
import { BookState, type GetOrderBookResponse, type ListMinuteRowsResponse, type PriceLevel } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { Chart } from "../ui/chart";
import { copy } from "../ui/export";
import { count, duration, exact, price, size } from "../ui/format";
import { Icon } from "../ui/icons";
import { Beside } from "../ui/panel";
import { Failure, poll, seconds, State } from "../ui/parts";
import { change, params } from "../ui/route";
import { attempt, say } from "../ui/toasts";
import { columnsOf } from "../data/windows";

export function Instrument(props: { row: number; onClose: () => void }): JSX.Element {
  const each = board.instruments[props.row]!;
  const now = seconds(500);
  const isLive = (): boolean => (now(), board.isLive(props.row));
  const isPinned = (): boolean => params("pin").includes(each.asset);
  const pin = (): void => change({ pin: (isPinned() ? params("pin").filter((one) => one !== each.asset) : [...params("pin"), each.asset]).join() });
  return (
    <Beside
      label={`${each.symbol} on ${each.venue}`}
      title={each.symbol}
      onClose={props.onClose}
      head={<>
        <span class="dim">{each.venue}</span><span class="gap" />
        <button class="icon" aria-pressed={isPinned()} title={isPinned() ? "Unpin the asset" : "Pin the asset to the top"} aria-label={`Pin ${each.asset}`} onClick={pin}><Icon name="pin" /></button>
      </>}
    >
      <div class="live">
        <Show when={isLive()} fallback={<p><State name={(now(), board.stateName(props.row))} /> <span class="dim">No price may be used until the book is whole and fresh again.</span></p>}>
          <dl class="facts">
            <dt>Bid</dt><dd title={exact(board.bid[props.row]!)}>{(now(), price(board.bid[props.row]!, each.tickSize))} <span class="dim">× {size(board.bidSize[props.row]!)}</span></dd>
            <dt>Ask</dt><dd title={exact(board.ask[props.row]!)}>{(now(), price(board.ask[props.row]!, each.tickSize))} <span class="dim">× {size(board.askSize[props.row]!)}</span></dd>
            <dt>Age</dt><dd>{(now(), duration(serverNow() - board.receivedMs[props.row]!))}</dd>
          </dl>
          <button class="button" onClick={() => copy(`${exact(board.bid[props.row]!)}\t${exact(board.ask[props.row]!)}`, "Bid and ask are copied in full.")}>Copy bid and ask in full</button>
        </Show>
      </div>
      <Book venue={each.venue} symbol={each.symbol} tick={each.tickSize} />
      <Minutes venue={each.venue} symbol={each.symbol} tick={each.tickSize} />
      <Elsewhere row={props.row} />
      <h3>Facts</h3>
      <dl class="facts">
        <dt>Asset</dt><dd>{each.asset}{each.assetScale !== 1 ? `, ${count(each.assetScale)} coins a unit` : ""}</dd>
        <dt>The venue's name</dt><dd class="mono">{each.nativeSymbol}</dd>
        <dt>Tick</dt><dd>{each.tickSize > 0 ? exact(each.tickSize) : "not said"}</dd>
        <dt>Taker, maker fee</dt><dd>{each.takerFeePercent ?? "unknown"} %, {each.makerFeePercent ?? "unknown"} %</dd>
      </dl>
      <Show when={may(OPERATOR)}><Steer venue={each.venue} symbol={each.symbol} /></Show>
    </Beside>
  );
}

export function Book(props: { venue: string; symbol: string; tick: number; depth?: number }): JSX.Element {
  const ask = async (): Promise<GetOrderBookResponse> =>
    fromJson("GetOrderBookResponse", await get(`/api/${props.venue}/book`, { symbol: props.symbol, depth: props.depth ?? 8 }));
  const asked = poll(ask, 1000);
  const isLive = (): boolean => BookState[asked.data()?.state ?? 0] === "LIVE";
  const levels = (side: "bids" | "asks"): PriceLevel[] => ((isLive() && asked.data()?.[side]) || []);
  const most = createMemo(() => Math.max(1e-12, ...levels("bids").map((l) => l.size), ...levels("asks").map((l) => l.size)));
  return (
    <section aria-label={`Book of ${props.venue}`} class="live">
      <h3>Book on {props.venue}</h3>
      <Show when={asked.error()}><Failure error={asked.error()} /></Show>
      <Show when={asked.data() && !isLive()}><State name={BookState[asked.data()?.state ?? 0] ?? "?"} /></Show>
      <div class="book num">
        <For each={Array.from({ length: Math.max(levels("bids").length, levels("asks").length) }, (_, i) => i)}>
          {(i) => (
            <>
              <Level level={levels("bids")[i]} tick={props.tick} most={most()} side="bid" />
              <Level level={levels("asks")[i]} tick={props.tick} most={most()} side="ask" />
            </>
          )}
        </For>
      </div>
    </section>
  );
}

function Level(props: { level: PriceLevel | undefined; tick: number; most: number; side: "bid" | "ask" }): JSX.Element {
  return (
    <div class={`level ${props.side}`}>
      <i style={{ transform: `scaleX(${(props.level?.size ?? 0) / props.most})` }} />
      <span>{props.side === "bid" ? size(props.level?.size ?? NaN) : price(props.level?.price ?? NaN, props.tick)}</span>
      <span>{props.side === "bid" ? price(props.level?.price ?? NaN, props.tick) : size(props.level?.size ?? NaN)}</span>
    </div>
  );
}

function Minutes(props: { venue: string; symbol: string; tick: number }): JSX.Element {
  const ask = async (): Promise<(number | null)[][]> => {
    const answer = fromJson<ListMinuteRowsResponse>("ListMinuteRowsResponse", await get(`/api/${props.venue}/minutes`, { symbol: props.symbol, limit: 60 }));
    return columnsOf(answer.minutes.filter((each) => each.symbol === props.symbol), ["time_weighted_bid", "time_weighted_ask"]);
  };
  const asked = poll(ask, 15_000);
  return (
    <section aria-label="The last hour">
      <h3>The last hour, minute by minute</h3>
      <Show when={asked.error()}><Failure error={asked.error()} /></Show>
      <Show when={(asked.data()?.[0]?.length ?? 0) > 1} fallback={<p class="dim">No two minutes are closed yet.</p>}>
        <Chart label="Bid and ask" unit="time-weighted" height={150} tick={props.tick} data={asked.data()!} series={[{ label: "bid", colour: "one" }, { label: "ask", colour: "two" }]} />
      </Show>
    </section>
  );
}

function Elsewhere(props: { row: number }): JSX.Element {
  const now = seconds();
  const own = board.instruments[props.row]!;
  const others = createMemo(() => {
    now();
    const found: number[] = [];
    for (let row = 0; row < board.count; row++) if (row !== props.row && board.instruments[row]!.asset === own.asset) found.push(row);
    return found.slice(0, 20);
  });
  return (
    <section aria-label={`${own.asset} elsewhere`} class="live">
      <h3>{own.asset} elsewhere</h3>
      <table>
        <tbody>
          <For each={others()} fallback={<tr><td class="dim">Nowhere else.</td></tr>}>
            {(row) => (
              <tr>
                <td>{board.instruments[row]!.venue}</td>
                <td class="end">{(now(), board.isLive(row) ? price(board.bid[row]!, board.instruments[row]!.tickSize) : "")}</td>
                <td class="end">{(now(), board.isLive(row) ? price(board.ask[row]!, board.instruments[row]!.tickSize) : "")}</td>
                <td class="end">{board.isLive(row) ? board.instruments[row]!.quoteCurrency : <State name={board.stateName(row)} />}</td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </section>
  );
}

function Steer(props: { venue: string; symbol: string }): JSX.Element {
  const start = (): Promise<unknown> => post(`/api/${props.venue}/start`, { symbols: [props.symbol] });
  const stop = async (): Promise<void> => {
    if (!confirm(`Stop tracking ${props.symbol} on ${props.venue}? Its book closes; the others go on.`)) return;
    if (await attempt("", () => post(`/api/${props.venue}/stop`, { symbols: [props.symbol] }))) {
      say(`${props.symbol} on ${props.venue} is stopped.`, { undo: () => void attempt("It is tracked again.", start) });
    }
  };
  return (
    <div class="actions">
      <button class="button" onClick={() => void attempt("It is tracked.", start)}>Start</button>
      <button class="button danger" onClick={() => void stop()}>Stop</button>
    </div>
  );
}
