// A grid of any number of rows with those on screen in the DOM: fixed row height, a pool of rows that are written over, cells
// touched only when their text changes. Below 640 px a row is a card of two lines, of the cells that have a place.

import { createEffect, createSignal, For, onCleanup, onMount, type JSX } from "solid-js";
import { onFrame } from "./frames";

export interface Column {
  key: string;
  title: string;
  width: string; // of grid-template-columns
  align?: "end";
  place?: "a" | "b" | "c" | "d" | "e" | "f"; // on a card; a column without one is not on cards
  help?: string;
  sortable?: boolean;
  text: (row: number) => string;
  tone?: (row: number) => string; // class names
  title_?: (row: number) => string; // all digits, for the pointer
}

export interface GridProps {
  label: string;
  columns: Column[];
  /** What is shown, in order; read at each frame. */
  order: () => ArrayLike<number>;
  sort: string; // key, or -key for the greatest first
  onSort: (sort: string) => void;
  /** A row's name that outlives sorting, for selection and focus. */
  idOf: (row: number) => string;
  selected: string;
  onSelect: (row: number | null) => void;
  onHold?: (isHeld: boolean) => void;
  onVisible?: (rows: number[]) => void;
  rowTone?: (row: number) => string;
  empty: JSX.Element;
}

const MARGIN = 6;
const isNarrow = (): boolean => innerWidth < 640;

export function Grid(props: GridProps): JSX.Element {
  let body!: HTMLDivElement;
  let sizer!: HTMLDivElement;
  const pool: HTMLDivElement[] = [];
  const [focused, setFocused] = createSignal("");
  const [isEmpty, setEmpty] = createSignal(true);
  const rowHeight = (): number => (isNarrow() ? 56 : 30);
  const holds = { pointer: false, focus: false };
  let visibleKey = "";

  const hold = (change: Partial<typeof holds>): void => {
    Object.assign(holds, change);
    props.onHold?.(holds.pointer || holds.focus || props.selected !== "");
  };
  createEffect(() => (props.selected, hold({})));
  createEffect(() => {
    body.parentElement!.style.setProperty("--columns", props.columns.map((each) => each.width).join(" "));
    for (const row of pool.splice(0)) row.remove();
  });

  const draw = (): void => {
    const order = props.order();
    const height = rowHeight();
    setEmpty(order.length === 0);
    body.setAttribute("aria-rowcount", String(order.length + 1));
    sizer.style.height = `${order.length * height}px`;
    const first = Math.max(0, Math.floor(body.scrollTop / height) - MARGIN);
    const last = Math.min(order.length, Math.ceil((body.scrollTop + body.clientHeight) / height) + MARGIN);
    while (pool.length < last - first) pool.push(sizer.appendChild(newRow(props.columns)));
    for (let i = 0; i < pool.length; i++) {
      const at = first + i;
      if (at < last) fill(pool[i]!, order[at]!, at, height);
      else if (!pool[i]!.hidden) pool[i]!.hidden = true;
    }
    tellVisible(Array.from({ length: last - first }, (_, i) => order[first + i]!));
  };

  const tellVisible = (rows: number[]): void => {
    const key = rows.slice().sort((a, b) => a - b).join();
    if (key === visibleKey) return;
    visibleKey = key;
    props.onVisible?.(rows);
  };

  const fill = (element: HTMLDivElement, row: number, at: number, height: number): void => {
    const id = props.idOf(row);
    element.hidden = false;
    element.style.transform = `translateY(${at * height}px)`;
    set(element, "aria-rowindex", String(at + 2));
    set(element, "aria-selected", String(id === props.selected));
    set(element, "id", `row-${id}`);
    const tone = `row ${props.rowTone?.(row) ?? ""}${id === focused() ? " is-focused" : ""}`;
    if (element.className !== tone) element.className = tone;
    props.columns.forEach((column, i) => {
      const cell = element.children[i] as HTMLElement;
      const text = column.text(row);
      if (cell.textContent !== text) cell.textContent = text;
      const kind = cellClass(column, column.tone?.(row));
      if (cell.className !== kind) cell.className = kind;
      if (column.title_) set(cell, "title", column.title_(row));
    });
  };

  onMount(() => {
    onCleanup(onFrame(draw));
    body.addEventListener("scroll", draw, { passive: true });
  });

  const rowAt = (event: Event): number | null => {
    const element = (event.target as HTMLElement).closest<HTMLElement>(".row");
    const at = element ? Number(element.getAttribute("aria-rowindex")) - 2 : -1;
    return at >= 0 ? props.order()[at] ?? null : null;
  };

  const onKey = (event: KeyboardEvent): void => {
    const order = Array.from(props.order());
    const at = order.findIndex((row) => props.idOf(row) === focused());
    const page = Math.floor(body.clientHeight / rowHeight());
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    let next: number | null = null;
    if (event.key in steps) next = at + steps[event.key]!;
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = order.length - 1;
    else if (event.key === "Enter" && at >= 0) props.onSelect(order[at]!);
    else if (event.key === "Escape") props.onSelect(null);
    else return;
    event.preventDefault();
    if (next === null || order.length === 0) return;
    next = Math.max(0, Math.min(order.length - 1, next));
    setFocused(props.idOf(order[next]!));
    const top = next * rowHeight();
    if (top < body.scrollTop) body.scrollTop = top;
    else if (top + rowHeight() > body.scrollTop + body.clientHeight) body.scrollTop = top + rowHeight() - body.clientHeight;
    draw();
  };

  return (
    <div class="grid" onPointerEnter={() => hold({ pointer: true })} onPointerLeave={() => hold({ pointer: false })}>
      <div
        class="grid-body"
        ref={body}
        role="grid"
        aria-label={props.label}
        aria-colcount={props.columns.length}
        aria-activedescendant={focused() ? `row-${focused()}` : undefined}
        tabindex="0"
        onKeyDown={onKey}
        onFocus={() => hold({ focus: true })}
        onBlur={() => hold({ focus: false })}
        onClick={(event) => {
          const row = rowAt(event);
          if (row === null) return;
          setFocused(props.idOf(row));
          props.onSelect(props.idOf(row) === props.selected ? null : row);
        }}
      >
        <div class="row head" role="row" aria-rowindex="1">
          <For each={props.columns}>
            {(column) => <Head column={column} sort={props.sort} onSort={props.onSort} />}
          </For>
        </div>
        <div class="grid-rows" ref={sizer} role="rowgroup" />
        {isEmpty() && <div class="empty" role="row"><div role="gridcell">{props.empty}</div></div>}
      </div>
    </div>
  );
}

function Head(props: { column: Column; sort: string; onSort: (sort: string) => void }): JSX.Element {
  const key = props.column.key;
  const order = (): "ascending" | "descending" | "none" =>
    props.sort === key ? "ascending" : props.sort === `-${key}` ? "descending" : "none";
  const next = (): string => (order() === "descending" ? key : `-${key}`);
  return (
    <div class={cellClass(props.column)} role="columnheader" aria-sort={order()} title={props.column.help}>
      {props.column.sortable === false ? (
        <span>{props.column.title}</span>
      ) : (
        <button type="button" tabindex="-1" onClick={(event) => (event.stopPropagation(), props.onSort(next()))}>
          {props.column.title}
          <span class="arrow" aria-hidden="true">
            {order() === "ascending" ? "↑" : order() === "descending" ? "↓" : ""}
          </span>
        </button>
      )}
    </div>
  );
}

function newRow(columns: Column[]): HTMLDivElement {
  const row = document.createElement("div");
  row.setAttribute("role", "row");
  for (const column of columns) {
    const cell = document.createElement("div");
    cell.setAttribute("role", "gridcell");
    cell.className = cellClass(column);
    row.append(cell);
  }
  return row;
}

function cellClass(column: Column, tone = ""): string {
  return `cell${column.align ? " end" : ""}${column.place ? ` at-${column.place}` : " no-card"}${tone ? ` ${tone}` : ""}`;
}

function set(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
