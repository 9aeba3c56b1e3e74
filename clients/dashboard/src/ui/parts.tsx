// The small things that every page is made of.

import { createSignal, For, onCleanup, Show, type JSX } from "solid-js";
import { Problem } from "../link/rest";
import { direction, percent } from "./format";

export function State(props: { name: string; title?: string | undefined }): JSX.Element {
  return <span class={`state ${props.name}`} title={props.title}>{props.name}</span>;
}

export function Percent(props: { value: number; decimals?: number }): JSX.Element {
  return <span class={`num ${direction(props.value)}`}>{percent(props.value, props.decimals)}</span>;
}

export function Card(props: { title: string; note?: JSX.Element; tools?: JSX.Element; class?: string | undefined; children: JSX.Element }): JSX.Element {
  return (
    <section class={`card ${props.class ?? ""}`} aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        <span class="dim small">{props.note}</span>
        <span class="gap" />
        {props.tools}
      </header>
      {props.children}
    </section>
  );
}

export function Figure(props: { label: string; value: JSX.Element; note?: JSX.Element; tone?: string }): JSX.Element {
  return (
    <div class="figure">
      <span>{props.label}</span>
      <b class={props.tone ?? ""}>{props.value}</b>
      <span>{props.note}</span>
    </div>
  );
}

export function Failure(props: { error: unknown }): JSX.Element {
  const problem = (): Problem | undefined => (props.error instanceof Problem ? props.error : undefined);
  return (
    <div class="problem" role="alert">
      <b>{problem()?.title ?? "It did not work"}</b>
      <div>{(props.error as Error)?.message}</div>
      <For each={problem()?.violations ?? []}>{(each) => <div class="mono">{each.field}: {each.description}</div>}</For>
      <Show when={problem()?.instance}><div class="dim small">request {problem()?.instance}</div></Show>
    </div>
  );
}

export interface Polled<T> {
  data: () => T | undefined;
  error: () => unknown;
  reload: () => void;
}

/** Asks again and again while the page is shown and visible; a failed answer keeps the last one and is told. Not a resource of the
 * framework: those put the whole page away while they load, and with it focus and scroll. */
export function poll<T>(ask: () => Promise<T>, everyMs: number): Polled<T> {
  const [data, setData] = createSignal<T>();
  const [error, setError] = createSignal<unknown>();
  let isAsking = false;
  const reload = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      const found = await ask();
      setData(() => found);
      setError(undefined);
    } catch (problem) {
      setError(() => problem);
    }
    isAsking = false;
  };
  void reload();
  const timer = setInterval(() => document.visibilityState === "visible" && void reload(), everyMs);
  onCleanup(() => clearInterval(timer));
  return { data, error, reload: () => void reload() };
}

/** A number that changes once a second, for what grows older on the page. */
export function seconds(everyMs = 1000): () => number {
  const [now, setNow] = createSignal(Date.now());
  const timer = setInterval(() => setNow(Date.now()), everyMs);
  onCleanup(() => clearInterval(timer));
  return now;
}

export function Field(props: { label: string; class?: string; children: JSX.Element }): JSX.Element {
  return <label class={`field ${props.class ?? ""}`}><span>{props.label}</span>{props.children}</label>;
}
