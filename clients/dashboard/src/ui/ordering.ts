// The order of a live table: sorted again once a second, and held still while somebody points at it, works in it or has a row
// open. What came meanwhile is counted, not shown by a jump.

import { createSignal } from "solid-js";

const EVERY_MS = 1000;

export interface Ordering {
  rows: () => number[];
  /** How many rows would be new if it were not held. */
  waiting: () => number;
  hold: (isHeld: boolean) => void;
  /** Sorts now, held or not. */
  refresh: () => void;
  tick: (now: number) => void;
}

export function ordering(find: () => number[], identity: (row: number) => string = String): Ordering {
  let rows: number[] = [];
  let isHeld = false;
  let at = -Infinity;
  const [waiting, setWaiting] = createSignal(0);
  const refresh = (): void => {
    rows = find();
    setWaiting(0);
  };
  const tick = (now: number): void => {
    if (now - at < EVERY_MS) return;
    at = now;
    if (!isHeld || rows.length === 0) return refresh();
    const known = new Set(rows.map(identity));
    setWaiting(find().filter((row) => !known.has(identity(row))).length);
  };
  return { rows: () => rows, waiting, hold: (held) => (isHeld = held), refresh, tick };
}

/** Compares texts as people do, and puts what has no number last, whichever way is sorted. */
export function compare(a: number | string, b: number | string, isDescending: boolean): number {
  if (typeof a === "string" || typeof b === "string") {
    return String(a).localeCompare(String(b), "en", { numeric: true }) * (isDescending ? -1 : 1);
  }
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return isDescending ? b - a : a - b;
}
