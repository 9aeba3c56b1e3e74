// Named views: a page's link under a name, kept in this browser and shared by copying the link.

import { createSignal, For, Show, type JSX } from "solid-js";
import { copy } from "./export";
import { change, reset, route } from "./route";
import { keep, kept } from "./settings";
import { say } from "./toasts";

type Views = Record<string, string>;

export function SavedViews(props: { page: string; names: Record<string, string> }): JSX.Element {
  const key = `views.${props.page}`;
  const [views, setViews] = createSignal<Views>(JSON.parse(kept(key) ?? "{}") as Views);
  const store = (next: Views): void => (keep(key, JSON.stringify(next)), void setViews(next));
  const save = (): void => {
    const name = prompt("A name for this view: its filters, order and columns");
    if (name) (store({ ...views(), [name]: route().params.toString() }), say(`The view ${name} is kept in this browser.`));
  };
  const open = (name: string): void => {
    const gone = Object.fromEntries([...route().params.keys()].map((each) => [each, ""]));
    change({ ...gone, ...Object.fromEntries(new URLSearchParams(views()[name])) });
  };
  const clear = (): void => {
    const words = reset().map((name) => props.names[name] ?? name);
    say(words.length ? `Reset: ${words.join(", ")}.` : "There was nothing to reset.");
  };
  return (
    <>
      <Show when={Object.keys(views()).length > 0}>
        <select aria-label="Saved views" onChange={(event) => event.currentTarget.value && open(event.currentTarget.value)}>
          <option value="">Saved views</option>
          <For each={Object.keys(views())}>{(name) => <option value={name}>{name}</option>}</For>
        </select>
      </Show>
      <button class="button" onClick={save}>Save view</button>
      <button class="button" onClick={() => copy(location.href, "The link is copied: it opens just this view.")}>Copy link</button>
      <button class="button" onClick={clear} disabled={[...route().params.keys()].length === 0}>Reset</button>
    </>
  );
}
