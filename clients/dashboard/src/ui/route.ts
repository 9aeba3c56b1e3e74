// The page's state is its link: #/prices?asset=BTC&sort=-spread. The last state of each page is kept, and can be reset.

import { createSignal } from "solid-js";
import { keep, kept } from "./settings";

export interface Route {
  page: string;
  params: URLSearchParams;
}

const [route, setRoute] = createSignal<Route>(read());
export { route };

addEventListener("hashchange", () => setRoute(read()));

function read(): Route {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?") as [string, string | undefined];
  return { page: path || "overview", params: new URLSearchParams(query ?? "") };
}

export function param(name: string): string {
  return route().params.get(name) ?? "";
}

/** Several values, as in venue=okx,binance. */
export function params(name: string): string[] {
  return param(name).split(",").filter(Boolean);
}

/** Changes some of the state; an empty value takes a name out. The history is not filled by every keystroke. */
export function change(changes: Record<string, string>): void {
  const next = new URLSearchParams(route().params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") next.delete(name);
    else next.set(name, value);
  }
  const page = route().page;
  keep(`last.${page}`, next.toString());
  history.replaceState(null, "", link(page, next));
  setRoute({ page, params: next });
}

/** Forgets the page's filters; says which there were. */
export function reset(): string[] {
  const names = [...route().params.keys()];
  change(Object.fromEntries(names.map((name) => [name, ""])));
  return names;
}

/** Goes to a page, by default as it was left. */
export function go(page: string, params?: Record<string, string>): void {
  location.hash = link(page, params ? new URLSearchParams(params) : new URLSearchParams(kept(`last.${page}`) ?? ""));
}

export function link(page: string, params = new URLSearchParams()): string {
  const query = params.toString();
  return `#/${page}${query ? `?${query}` : ""}`;
}

/** The link of a page as it was left, for the navigation. */
export function lastLink(page: string): string {
  return link(page, new URLSearchParams(kept(`last.${page}`) ?? ""));
}
