// What has just happened, in a corner, for some seconds; errors stay until they are read.

import { createSignal, For, type JSX } from "solid-js";

interface Toast {
  id: number;
  text: string;
  isBad: boolean;
  undo?: (() => void) | undefined;
}

const MOST = 4;
const [toasts, setToasts] = createSignal<Toast[]>([]);
let next = 0;

export function say(text: string, options: { isBad?: boolean; undo?: () => void } = {}): void {
  const toast = { id: next++, text, isBad: options.isBad ?? false, undo: options.undo };
  setToasts((all) => [...all, toast].slice(-MOST));
  if (!toast.isBad) setTimeout(() => drop(toast.id), toast.undo ? 10_000 : 4000);
}

export async function attempt(text: string, action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    if (text) say(text);
    return true;
  } catch (error) {
    say((error as Error).message, { isBad: true });
    return false;
  }
}

function drop(id: number): void {
  setToasts((all) => all.filter((each) => each.id !== id));
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      <For each={toasts()}>
        {(toast) => (
          <div class={`toast${toast.isBad ? " is-bad" : ""}`}>
            {toast.text}{" "}
            {toast.undo && <button class="more" onClick={() => (toast.undo!(), drop(toast.id))}>Undo</button>}{" "}
            <button class="more" onClick={() => drop(toast.id)}>Dismiss</button>
          </div>
        )}
      </For>
    </div>
  );
}
