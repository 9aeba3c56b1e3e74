// The page's one board, fed by two lanes: every instrument once a second for sorting and counting, and those on screen as
// often as their page wants.

import { createSignal } from "solid-js";
import { CHANNEL, subscribe, type Handle } from "../link/socket";
import type { ServerFrame } from "../wire/messages";
import { Board, type Numbers } from "./board";

export const board = new Board();
const MOST_NAMED = 400;
const CHANGE_MS = 250;

const [known, setKnown] = createSignal(0);
/** How many instruments there are; changes when one comes. */
export { known };

function lane(channel: number): (frame: ServerFrame, isFirst: boolean) => void {
  const numbers: Numbers = new Map();
  let since = 0;
  return (frame, isFirst) => {
    if (isFirst) {
      numbers.clear();
      since = board.version;
      if (channel === CHANNEL.rank) board.receivedMs.fill(0);
    }
    if (frame.quotes?.batch) board.apply(frame.quotes.batch, numbers);
    if (frame.isSnapshot && frame.isLast && channel === CHANNEL.rank) board.forget(since);
    if (board.count !== known()) setKnown(board.count);
  };
}

/** Every instrument, once a second, until it is closed. */
export function followAll(): Handle {
  return subscribe({ channel: CHANNEL.rank, maxHz: 1 }, lane(CHANNEL.rank));
}

/** Those on screen: told which as often as they change, said to the server at most four times a second. */
export function followSome(maxHz = 5): { show(rows: number[]): void; close(): void } {
  let handle: Handle | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted: number[] = [];
  const tell = (): void => {
    timer = undefined;
    const instruments = wanted.slice(0, MOST_NAMED).map((row) => {
      const { venue, symbol } = board.instruments[row]!;
      return { venue, symbol };
    });
    const wish = { channel: CHANNEL.quotes, instruments, maxHz };
    if (handle) handle.change(wish);
    else if (instruments.length) handle = subscribe(wish, lane(CHANNEL.quotes));
  };
  return {
    show(rows) {
      wanted = rows;
      timer ??= setTimeout(tell, CHANGE_MS);
    },
    close() {
      clearTimeout(timer);
      handle?.close();
    },
  };
}
