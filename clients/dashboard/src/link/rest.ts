// Questions and orders by REST: the token goes in a header, never in an address; an error is the server's problem document.

import { accessToken, refresh } from "./session";

export interface Violation {
  field: string;
  description: string;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly violations: Violation[],
    readonly instance: string,
  ) {
    super(detail || title);
  }
}

export type Query = Record<string, string | number | boolean | string[] | undefined>;

export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return send<T>("GET", path + search(query), undefined, {}, signal);
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return send<T>("POST", path, body);
}

export async function patch<T>(path: string, body: unknown, etag: string): Promise<T> {
  return send<T>("PATCH", path, body, etag ? { "If-Match": etag } : {});
}

export async function remove(path: string): Promise<void> {
  await send("DELETE", path);
}

/** The address with its query, as `curl` would be given it. */
export function address(path: string, query: Query = {}): string {
  return new URL(path + search(query), location.origin).href;
}

async function send<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<T> {
  let answer = await attempt(method, path, body, headers, signal);
  if (answer.status === 401 && (await refresh())) answer = await attempt(method, path, body, headers, signal);
  if (!answer.ok) throw await problem(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function attempt(
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<Response> {
  const token = accessToken();
  const all: Record<string, string> = { Accept: "application/json", ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body !== undefined) all["Content-Type"] = "application/json";
  try {
    // Asked every time, by its ETag: what this page has just changed, the browser's own copy does not know.
    const init: RequestInit = { method, headers: all, credentials: "same-origin", cache: "no-cache" };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (signal) init.signal = signal;
    return await fetch(path, init);
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new Problem(0, "No connection", "The gateway does not answer.", [], "");
  }
}

async function problem(answer: Response): Promise<Problem> {
  const told = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  return new Problem(
    answer.status,
    told.title ?? answer.statusText,
    told.detail ?? "",
    told.violations ?? [],
    told.instance ?? "",
  );
}

function search(query: Query): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const each of value) found.append(name, each);
    else if (value !== undefined && value !== "") found.set(name, String(value));
  }
  const text = found.toString();
  return text ? `?${text}` : "";
}
