// The command line: type part of an asset, an instrument, a venue or a page; or `explain BTC binance okx`.

import { createMemo, createSignal, For, Show, type JSX } from "solid-js";
import { board, known } from "../data/market";
import { summary } from "../data/system";
import { Icon } from "./icons";
import { PAGES } from "./pages";
import { go } from "./route";

interface Found {
  text: string;
  kind: string;
  open: () => void;
}

const MOST = 12;

export function Command(): JSX.Element {
  const [text, setText] = createSignal("");
  const [at, setAt] = createSignal(0);
  const [isOpen, setOpen] = createSignal(false);
  let input!: HTMLInputElement;
  const found = createMemo(() => (text().trim() && isOpen() ? search(text().trim()) : []));
  const choose = (each: Found | undefined): void => {
    if (!each) return;
    each.open();
    setText("");
    setOpen(false);
    input.blur();
    document.getElementById("page")?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt(Math.min(found().length - 1, at() + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at() - 1));
    else if (event.key === "Enter") choose(found()[at()]);
    else if (event.key === "Escape") (setText(""), input.blur());
    else return;
    event.preventDefault();
  };
  return (
    <div class="command">
      <Icon name="search" />
      <input
        id="command"
        ref={input}
        value={text()}
        placeholder="Search, or explain BTC binance okx"
        aria-label="Search"
        role="combobox"
        aria-expanded={found().length > 0}
        aria-controls="found"
        aria-activedescendant={found().length ? `found-${at()}` : undefined}
        autocomplete="off"
        onInput={(event) => (setText(event.currentTarget.value), setAt(0), setOpen(true))}
        onFocus={() => setOpen(true)}
        onBlur={() => setTimeout(() => setOpen(false), 150)}
        onKeyDown={onKey}
      />
      <kbd aria-hidden="true">/</kbd>
      <Show when={found().length > 0}>
        <ul class="found" id="found" role="listbox" aria-label="Found">
          <For each={found()}>
            {(each, i) => (
              <li id={`found-${i()}`} role="option" aria-selected={i() === at()} onPointerDown={() => choose(each)}>
                <span>{each.text}</span><span class="dim">{each.kind}</span>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </div>
  );
}

function search(text: string): Found[] {
  const explain = /^explain\s+(\S+)\s+(\S+)\s+(\S+)$/i.exec(text);
  if (explain) {
    const [, asset, buy, sell] = explain as unknown as [string, string, string, string];
    const open = (): void => go("opportunities", { explain: `${asset.toUpperCase()},${buy},${sell}` });
    return [{ text: `${asset.toUpperCase()}: buy on ${buy}, sell on ${sell}`, kind: "explain", open }];
  }
  const low = text.toLowerCase();
  const has = (name: string): boolean => name.toLowerCase().includes(low);
  const pages = PAGES.filter((page) => has(page.title)).map((page) => ({ text: page.title, kind: "page", open: () => go(page.name) }));
  const venues = Object.keys(venueNames()).filter(has).map((venue) => ({ text: venue, kind: "venue", open: () => go("venues", { venue }) }));
  return [...assets(low), ...venues, ...pages, ...instruments(low)].slice(0, MOST);
}

function venueNames(): Record<string, true> {
  return Object.fromEntries((summary()?.venueHealth ?? []).map((each) => [each.venue, true]));
}

function assets(low: string): Found[] {
  known();
  const names = new Set<string>();
  for (let row = 0; row < board.count; row++) names.add(board.instruments[row]!.asset);
  return [...names]
    .filter((name) => name.toLowerCase().startsWith(low))
    .sort((a, b) => a.length - b.length)
    .slice(0, 5)
    .map((asset) => ({ text: asset, kind: "asset", open: () => go("prices", { asset }) }));
}

function instruments(low: string): Found[] {
  const found: Found[] = [];
  for (let row = 0; row < board.count && found.length < MOST; row++) {
    const { venue, symbol, nativeSymbol } = board.instruments[row]!;
    if (!`${venue} ${symbol} ${nativeSymbol}`.toLowerCase().includes(low)) continue;
    found.push({ text: `${symbol} · ${venue}`, kind: "instrument", open: () => go("prices", { open: `${venue}|${symbol}` }) });
  }
  return found;
}
