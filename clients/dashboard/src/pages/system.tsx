// The machinery: processes with their counters, latencies, bounds that are near their end, the page's own link, the log.

import { createMemo, Show, type JSX } from "solid-js";
import { processes } from "../data/processes";
import { board, known } from "../data/market";
import { summary } from "../data/system";
import { may, OPERATOR } from "../link/session";
import { post } from "../link/rest";
import { counts, lostShards, serverNow, state, welcome } from "../link/socket";
import { type Process, type ReloadProcessesResponse } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { count, duration, moment } from "../ui/format";
import { Log } from "../ui/log";
import { Head, Listing } from "../ui/panel";
import { Card, Figure, poll, seconds, State } from "../ui/parts";
import { attempt, say } from "../ui/toasts";

export default function System(): JSX.Element {
  const asked = poll(processes, 2000);
  const all = (): Process[] => asked.data() ?? [];
  const reload = async (): Promise<void> => {
    await attempt("", async () => {
      const told = fromJson<ReloadProcessesResponse>("ReloadProcessesResponse", await post("/api/reload", {}));
      const words = told.processes.map((each) => `${each.service}: ${each.problem || each.reloaded.join(", ") || "nothing to read again"}`);
      say(words.join("; "));
    });
  };
  return (
    <>
      <Head title="System" note="Every process, as it tells of itself.">
        <Show when={may(OPERATOR)}><button class="button" onClick={() => void reload()}>Read files again</button></Show>
      </Head>
      <Latencies of={all()} />
      <Listing title="Processes" note="services, shards and replicas" class="live" error={asked.error()} heads={["Service", "Address", "State", "What it says"]} rows={all()} by={(each) => `${each.service} ${each.target}`} empty="Asking …">
        {(each) => (
          <tr>
            <td>{each().service}{each().aggregator?.shard ? ` (${each().aggregator!.shard})` : ""}</td>
            <td class="mono">{each().target}</td>
            <td><State name={each().isReachable ? (each().isServing ? "LIVE" : "DEGRADED") : "DOWN"} title={each().problem} /></td>
            <td>{each().problem || told(each())}</td>
          </tr>
        )}
      </Listing>
      <div class="columns">
        <div class="half"><Bounds of={all()} /></div>
        <div class="half"><OwnLink /></div>
      </div>
      <Log contains="" />
    </>
  );
}

function told(each: Process): string {
  if (each.tracker) {
    const live = each.tracker.venues.reduce((sum, one) => sum + one.liveMarkets, 0);
    const quotes = each.tracker.venues.reduce((sum, one) => sum + one.quotesEmitted, 0);
    return `${each.tracker.venues.length} venues, ${count(live)} books live, ${count(quotes)} quotes`;
  }
  if (each.aggregator) {
    const one = each.aggregator;
    return `${count(one.quotesIngested)} quotes, ${count(one.snapshotsWritten)} windows, ${count(one.minutesWritten)} minutes, ${count(one.incompleteSnapshots)} incomplete${one.databaseAvailable ? "" : ", no database"}`;
  }
  if (each.arbitrage) return `${count(each.arbitrage.quotesScanned)} quotes scanned, ${count(each.arbitrage.opened)} opened, ${each.arbitrage.openNow} open${each.arbitrage.connected ? "" : ", no aggregator"}`;
  if (each.alerts) return `${count(each.alerts.fired)} fired, ${count(each.alerts.delivered)} delivered, ${count(each.alerts.pending)} waiting, ${count(each.alerts.failed)} given up${each.alerts.cooldownAvailable ? "" : ", no Redis"}`;
  if (each.gateway) return `sockets ${each.gateway.sockets}, subscriptions ${each.gateway.subscriptions}, ${count(each.gateway.framesSent)} frames, ${(each.gateway.bytesSent / 1e6).toFixed(1)} MB`;
  return "";
}

function Latencies(props: { of: Process[] }): JSX.Element {
  const aggregators = (): NonNullable<Process["aggregator"]>[] => props.of.flatMap((each) => each.aggregator ?? []);
  const most = (value: (one: NonNullable<Process["aggregator"]>) => number): number => Math.max(0, ...aggregators().map(value));
  const trackers = (): number[] => props.of.flatMap((each) => each.tracker?.venues ?? []).map((one) => one.frameToQuoteP50Us).filter((one) => one > 0);
  const us = (value: number): string => (value > 0 ? (value < 1000 ? `${value.toFixed(0)} µs` : `${(value / 1000).toFixed(1)} ms`) : "—");
  return (
    <div class="figures live" aria-label="Latencies">
      <Figure label="Frame to quote" value={us(Math.max(0, ...trackers()))} note="median of the slowest venue" />
      <Figure label="Tracker to aggregator" value={us(most((one) => one.batchTransitP50Us))} note={`99 % within ${us(most((one) => one.batchTransitP99Us))}`} />
      <Figure label="Into the windows" value={us(most((one) => one.windowUpdateP50Us))} note={`99 % within ${us(most((one) => one.windowUpdateP99Us))}`} />
      <Figure label="Frame to opportunity" value={us(summary()?.latencyP50Us ?? 0)} note={`99 % within ${us(summary()?.latencyP99Us ?? 0)}`} />
      <Figure label="Newest quote" value={summary()?.dataAgeMs === undefined ? "—" : duration(summary()?.dataAgeMs ?? NaN)} note="old" />
    </div>
  );
}

/** What grows and has an end, where the processes tell how far it is. */
function Bounds(props: { of: Process[] }): JSX.Element {
  const rows = createMemo(() => {
    const found: { what: string; where: string; value: number }[] = [];
    for (const each of props.of) {
      for (const venue of each.tracker?.venues ?? []) {
        if (venue.droppedQuotes > 0) found.push({ what: "quotes dropped: the buffer was full", where: venue.venue, value: venue.droppedQuotes });
        if (venue.unacknowledgedBatches > 0) found.push({ what: "batches not committed yet", where: venue.venue, value: venue.unacknowledgedBatches });
      }
      if (each.alerts?.pending) found.push({ what: "deliveries waiting", where: each.target, value: each.alerts.pending });
      if (each.gateway?.stalledSockets) found.push({ what: "sockets closed as stalled", where: each.target, value: each.gateway.stalledSockets });
    }
    return found;
  });
  return (
    <Listing title="What waits or was dropped" class="live" scroll="closed" heads={["What", "Where", ">How many"]} rows={rows()} by={(row) => `${row.what} ${row.where}`} empty="Nothing waits, nothing was dropped.">
      {(row) => <tr><td>{row().what}</td><td class="dim">{row().where}</td><td class="end">{count(row().value)}</td></tr>}
    </Listing>
  );
}

function OwnLink(): JSX.Element {
  const now = seconds();
  return (
    <Card title="This page's link">
      <div class="in">
        <dl class="facts">
          <dt>State</dt><dd>{state()}</dd>
          <dt>Gateway's clock</dt><dd>{(now(), moment(serverNow()))}</dd>
          <dt>Frames heard</dt><dd>{(now(), count(counts.frames))}</dd>
          <dt>Dialled</dt><dd>{(now(), counts.dials)}</dd>
          <dt>Holes in a sequence</dt><dd>{(now(), counts.holes)}</dd>
          <dt>Instruments known here</dt><dd>{(known(), count(board.count))}</dd>
          <dt>Epoch</dt><dd class="mono">{welcome()?.epoch ?? "—"}</dd>
          <dt>Shards that are lost</dt><dd>{lostShards().join(", ") || "none"}</dd>
        </dl>
      </div>
    </Card>
  );
}
