// Windows and minutes as a chart's columns: oldest first, and a gap of nothing where a row is missing or nothing was live.

import type { WindowRow } from "../wire/messages";

export type WindowValue = "avg_bid" | "avg_ask" | "avg_spread" | "time_weighted_bid" | "time_weighted_ask" | "min_bid" | "max_ask" | "coverage" | "tick_count";

/** Seconds, then each value; a moment of null between rows that are not neighbours. */
export function columnsOf(rows: WindowRow[], values: WindowValue[]): (number | null)[][] {
  const ordered = [...rows].sort((a, b) => a.timestamp - b.timestamp);
  const columns: (number | null)[][] = [[], ...values.map(() => [])];
  let before: WindowRow | undefined;
  for (const row of ordered) {
    if (before && row.timestamp > before.timestamp + before.duration * 1.5) put(columns, before.timestamp + before.duration, () => null);
    put(columns, row.timestamp, (i) => row[values[i]!] ?? null);
    before = row;
  }
  return columns;
}

/** Two instruments' rows on one time axis; a moment that one of them lacks is null there. */
export function joined(first: (number | null)[][], second: (number | null)[][]): (number | null)[][] {
  const at = [...new Set([...first[0]!, ...second[0]!] as number[])].sort((a, b) => a - b);
  const columns = (one: (number | null)[][]): (number | null)[][] => {
    const index = new Map(one[0]!.map((time, i) => [time, i]));
    return one.slice(1).map((values) => at.map((time) => (index.has(time) ? values[index.get(time)!]! : null)));
  };
  return [at, ...columns(first), ...columns(second)];
}

function put(columns: (number | null)[][], ms: number, value: (i: number) => number | null): void {
  columns[0]!.push(ms / 1e3);
  for (let i = 1; i < columns.length; i++) columns[i]!.push(value(i - 1));
}
