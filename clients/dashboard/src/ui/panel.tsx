// The three frames that pages are built of: a page's head, a card that lists rows, a card beside a list that opens one of them.

import { createMemo, For, Show, type JSX } from "solid-js";
import { Icon } from "./icons";
import { Card, Failure } from "./parts";

/** A page's name, what it is for, and its tools at the end. */
export function Head(props: { title: string; note: JSX.Element; children?: JSX.Element }): JSX.Element {
  return <header><h1>{props.title}</h1><p>{props.note}</p><span class="gap" />{props.children}</header>;
}

/** A heading: its words; with ">" before them over numbers, which stand at the end; with "." for readers of the screen alone. */
type Heading = string;

export interface ListingProps<T> {
  title: string;
  note?: JSX.Element;
  tools?: JSX.Element;
  class?: string;
  /** Class of what scrolls: `closed` and `tall` bound its height. */
  scroll?: string;
  /** Of the question that gave the rows. */
  error?: unknown;
  /** What is asked for, between head and rows. */
  before?: JSX.Element;
  heads: Heading[];
  rows: T[];
  /** A row's name: the row on the page is kept while its name is there, with focus and what is typed into it. */
  by: (row: T) => string;
  /** In a row's place where there is none. */
  empty: JSX.Element;
  children: (row: () => T) => JSX.Element;
}

export function Listing<T>(props: ListingProps<T>): JSX.Element {
  return (
    <Card title={props.title} note={props.note} tools={props.tools} class={props.class}>
      <Show when={props.error}><div class="in"><Failure error={props.error} /></div></Show>
      <Show when={props.before}><div class="in pane">{props.before}</div></Show>
      <div tabindex="0" class={`scroll ${props.scroll ?? ""}`} role="region" aria-label={`${props.title}, rows`}>
        <table class="listing">
          <Show when={props.heads.some(Boolean)}><thead><tr><For each={props.heads}>{heading}</For></tr></thead></Show>
          <tbody>
            <Rows of={props.rows} by={props.by} fallback={<tr><td colspan={props.heads.length} class="empty">{props.empty}</td></tr>}>
              {(row) => labelled(props.children(row), props.heads)}
            </Rows>
          </tbody>
        </table>
      </div>
    </Card>
  );
}

/** Rows by name: a new answer changes what stands in a row, and never makes the row anew. */
export function Rows<T>(props: { of: T[]; by: (row: T) => string; fallback?: JSX.Element; children: (row: () => T) => JSX.Element }): JSX.Element {
  const named = createMemo(() => new Map(props.of.map((row) => [props.by(row), row])));
  const names = createMemo(() => [...named().keys()]);
  return (
    <For each={names()} fallback={props.fallback}>
      {(name) => {
        let last = named().get(name)!;
        return props.children(() => (last = named().get(name) ?? last));
      }}
    </For>
  );
}

/** On a phone a row is a card, where each cell stands under its own heading. */
function labelled(row: JSX.Element, heads: Heading[]): JSX.Element {
  if (row instanceof HTMLTableRowElement) [...row.cells].forEach((cell, i) => (cell.dataset.label = (heads[i] ?? "").replace(/^>|^\..*/, "")));
  return row;
}

function heading(text: Heading): JSX.Element {
  if (text.startsWith(">")) return <th class="end">{text.slice(1)}</th>;
  if (text.startsWith(".")) return <th><span class="vh">{text.slice(1)}</span></th>;
  return <th>{text}</th>;
}

/** What is open beside a list, with the way to close it. */
export function Beside(props: { label: string; title: string; head?: JSX.Element; onClose: () => void; children: JSX.Element }): JSX.Element {
  return (
    <aside class="card detail" aria-label={props.label}>
      <header>
        <h2>{props.title}</h2>
        {props.head}
        <button class="icon" aria-label="Close" onClick={props.onClose}><Icon name="close" /></button>
      </header>
      <div class="in pane">{props.children}</div>
    </aside>
  );
}
