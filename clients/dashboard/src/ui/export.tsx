// What is seen, as a file with its units and the time of its capture; and the same question for a shell.

import { createSignal, For, onCleanup, onMount, Show, type JSX } from "solid-js";
import { serverNow } from "../link/socket";
import { address, type Query } from "../link/rest";
import { say } from "./toasts";

/** A column of a file; its title says the unit. */
export interface Exported<T> {
  title: string;
  value: (row: T) => string | number | undefined;
}

export interface ExportProps<T> {
  name: string;
  rows: () => T[];
  columns: Exported<T>[];
  path: string;
  query?: Query;
  grpc?: { port: number; method: string; request: object };
}

export function Export<T>(props: ExportProps<T>): JSX.Element {
  const [isOpen, setOpen] = createSignal(false);
  let menu!: HTMLDivElement;
  const away = (event: Event): void => void (menu.contains(event.target as Node) || setOpen(false));
  onMount(() => (addEventListener("pointerdown", away), onCleanup(() => removeEventListener("pointerdown", away))));
  const file = (kind: "csv" | "json"): void => {
    const captured = new Date(serverNow()).toISOString();
    const text = kind === "csv" ? csv(props.rows(), props.columns) : json(props.rows(), props.columns, captured);
    download(`crossbook-${props.name}-${captured.replace(/[:.]/g, "")}.${kind}`, text);
    setOpen(false);
  };
  const copies = (): [string, string][] => {
    const found: [string, string][] = [["curl", `curl '${address(props.path, props.query)}'`]];
    if (props.grpc) {
      const { port, method, request } = props.grpc;
      found.push(["grpcurl", `grpcurl -plaintext -d '${JSON.stringify(request)}' ${location.hostname}:${port} ${method}`]);
    }
    return found;
  };
  return (
    <div class="menu" ref={menu}>
      <button class="button" aria-expanded={isOpen()} onClick={() => setOpen(!isOpen())}>Export</button>
      <Show when={isOpen()}>
        <div class="sheet">
          <button class="button" onClick={() => file("csv")}>CSV of {props.rows().length} rows</button>
          <button class="button" onClick={() => file("json")}>JSON of {props.rows().length} rows</button>
          <For each={copies()}>
            {([name, text]) => <button class="button" onClick={() => (copy(text, `The ${name} line is copied.`), setOpen(false))}>Copy as {name}</button>}
          </For>
        </div>
      </Show>
    </div>
  );
}

export function copy(text: string, said: string): void {
  navigator.clipboard.writeText(text).then(() => say(said), () => say("The clipboard is not to be had here.", { isBad: true }));
}

function csv<T>(rows: T[], columns: Exported<T>[]): string {
  const cell = (value: string | number | undefined): string => {
    const text = value === undefined || (typeof value === "number" && !Number.isFinite(value)) ? "" : String(value);
    const safe = /^[=+\-@\t]/.test(text) && typeof value === "string" ? `'${text}` : text; // never a spreadsheet's formula
    return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  const lines = rows.map((row) => columns.map((column) => cell(column.value(row))).join(","));
  return [columns.map((column) => cell(column.title)).join(","), ...lines, ""].join("\r\n");
}

function json<T>(rows: T[], columns: Exported<T>[], captured: string): string {
  const found = rows.map((row) => Object.fromEntries(columns.map((column) => [column.title, column.value(row)])));
  return `${JSON.stringify({ captured, count: found.length, rows: found }, null, 2)}\n`;
}

function download(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: name.endsWith("csv") ? "text/csv" : "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
