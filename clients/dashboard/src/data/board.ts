// The newest quote of every instrument, in columns outside of the framework: a frame is written into typed arrays, and
// whoever draws asks what has changed since. Nothing is drawn when a message comes.

import { BookState, type Instrument, type QuoteBatch } from "../wire/messages";

export const LIVE = 1;
const CLOSED = 4;
const FIRST = 1024;

/** Numbers that a stream gave to instruments, as slots of the board. */
export type Numbers = Map<number, number>;

export class Board {
  count = 0;
  version = 0;
  instruments: Instrument[] = [];
  bid = new Float64Array(FIRST);
  ask = new Float64Array(FIRST);
  bidSize = new Float64Array(FIRST);
  askSize = new Float64Array(FIRST);
  receivedMs = new Float64Array(FIRST);
  state = new Uint8Array(FIRST);
  /** The version of the board with which a slot changed last. */
  changed = new Uint32Array(FIRST);
  /** Sign of the last change of the mid, for a mark that fades. */
  moved = new Int8Array(FIRST);
  private readonly slots = new Map<string, number>();

  apply(batch: QuoteBatch, numbers: Numbers): void {
    this.version++;
    for (const { index, instrument } of batch.symbols) if (instrument) numbers.set(index, this.slotOf(instrument));
    for (let row = 0; row < batch.symbolIndex.length; row++) {
      const slot = numbers.get(batch.symbolIndex[row]!);
      if (slot !== undefined) this.take(slot, batch, row);
    }
  }

  private take(slot: number, batch: QuoteBatch, row: number): void {
    const received = batch.receiveNs[row]! / 1e6;
    if (received < this.receivedMs[slot]!) return; // an older word on another subscription
    const state = batch.state[row]!;
    const isLive = state === LIVE;
    const before = this.bid[slot]! + this.ask[slot]!;
    this.bid[slot] = isLive ? batch.bid[row]! : 0;
    this.ask[slot] = isLive ? batch.ask[row]! : 0;
    if (batch.bidSize.length) this.bidSize[slot] = isLive ? batch.bidSize[row]! : 0;
    if (batch.askSize.length) this.askSize[slot] = isLive ? batch.askSize[row]! : 0;
    this.receivedMs[slot] = received;
    this.state[slot] = state;
    this.changed[slot] = this.version;
    this.moved[slot] = isLive && before > 0 ? Math.sign(this.bid[slot]! + this.ask[slot]! - before) : 0;
  }

  slotOf(instrument: Instrument): number {
    const key = `${instrument.venue}|${instrument.symbol}`;
    let slot = this.slots.get(key);
    if (slot === undefined) {
      slot = this.count++;
      if (slot >= this.bid.length) this.grow();
      this.slots.set(key, slot);
    }
    this.instruments[slot] = instrument;
    return slot;
  }

  find(venue: string, symbol: string): number | undefined {
    return this.slots.get(`${venue}|${symbol}`);
  }

  isLive(slot: number): boolean {
    return this.state[slot] === LIVE;
  }

  stateName(slot: number): string {
    return BookState[this.state[slot]!] ?? "UNKNOWN";
  }

  /** In percent of the mid; NaN where there is no price. */
  spreadPercent(slot: number): number {
    const bid = this.bid[slot]!;
    const ask = this.ask[slot]!;
    return bid > 0 && ask > 0 ? ((ask - bid) / (ask + bid)) * 200 : NaN;
  }

  /** What a whole snapshot did not name is gone. */
  forget(before: number): void {
    for (let slot = 0; slot < this.count; slot++) {
      if (this.changed[slot]! > before) continue;
      this.state[slot] = CLOSED;
      this.bid[slot] = this.ask[slot] = this.bidSize[slot] = this.askSize[slot] = 0;
    }
  }

  private grow(): void {
    const length = this.bid.length * 2;
    const grown = <T extends Float64Array | Uint8Array | Uint32Array | Int8Array>(fresh: T, old: T): T => {
      fresh.set(old as never);
      return fresh;
    };
    for (const name of ["bid", "ask", "bidSize", "askSize", "receivedMs"] as const) {
      this[name] = grown(new Float64Array(length), this[name]);
    }
    this.state = grown(new Uint8Array(length), this.state);
    this.changed = grown(new Uint32Array(length), this.changed);
    this.moved = grown(new Int8Array(length), this.moved);
  }
}
