// The list of keys, and what the marks mean.

import { createEffect, For, type JSX } from "solid-js";
import { Icon } from "./icons";
import { KEYS } from "./keys";
import { PAGES } from "./pages";

export function Help(props: { isOpen: boolean; onClose: () => void }): JSX.Element {
  let dialog!: HTMLDialogElement;
  createEffect(() => (props.isOpen ? dialog.showModal() : dialog.close()));
  return (
    <dialog ref={dialog} onClose={props.onClose} aria-label="Keys and help">
      <header>
        <h2>Keys</h2>
        <button class="icon" aria-label="Close" onClick={props.onClose}><Icon name="close" /></button>
      </header>
      <dl>
        <For each={KEYS}>{([key, does]) => <><dt><kbd>{key}</kbd></dt><dd>{does}</dd></>}</For>
        <For each={PAGES}>{(page) => <><dt><kbd>g</kbd> <kbd>{page.key}</kbd></dt><dd>{page.title}</dd></>}</For>
      </dl>
      <h2>What the numbers mean</h2>
      <p class="dim">
        A price is shown only while its book is live. From a gap until the book is whole again there is a state and no price.
        Profit is net: after the taker fees of opening and closing both legs. Ages are by the gateway's clock. When the gateway is
        silent for two seconds the page is greyed and says so.
      </p>
    </dialog>
  );
}
