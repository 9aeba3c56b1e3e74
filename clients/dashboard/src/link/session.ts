// Who is looking: the access token is in this page's memory and nowhere else; the cookie that renews it is out of any page's
// reach. One tab of a browser renews at a time. Without a session the gateway decides what nobody may see.

import { createSignal } from "solid-js";
import type { GetMeResponse, SessionGrant } from "../wire/messages";
import { fromJson } from "../wire/protobuf";

const EARLY_MS = 60_000;
/** Roles by the protos' numbers. */
export const VIEWER = 2;
export const OPERATOR = 4;
export const ADMIN = 5;
const RANK = [0, 1, 2, 3, 3, 4, 0]; // operators and traders stand beside each other

let token = "";
let timer: ReturnType<typeof setTimeout> | undefined;
const renewed = new Set<(token: string) => void>();

const [me, setMe] = createSignal<GetMeResponse>({ principal: "", role: 0, hasPasswords: false, hasSignOn: false });
export { me };

export function accessToken(): string {
  return token;
}

/** Is told each new token, for the socket. */
export function onRenewed(tell: (token: string) => void): void {
  renewed.add(tell);
}

/** Whether the user is that or more. */
export function may(role: number): boolean {
  const own = me().role;
  return own === role || (RANK[own] ?? 0) > RANK[role]!;
}

/** Uses the code of a printed link, else the cookie of an earlier session, or of a log-in elsewhere, else is nobody. */
export async function begin(): Promise<string> {
  const code = /^#code=([\w.~-]+)/.exec(location.hash)?.[1];
  let failure = "";
  if (code) {
    history.replaceState(null, "", "#/overview");
    const answer = await call("exchange", { code });
    if (answer.ok) await take(answer);
    else failure = "The link was used before, or is older than its ten minutes: `crossbook login` prints another.";
  }
  if (location.hash === "#signed-on") {
    history.replaceState(null, "", "#/overview");
    remember(true);
  }
  if (!token && hasSession()) await refresh();
  if (!token) await learn();
  return failure;
}

export async function login(name: string, password: string): Promise<void> {
  const answer = await call("login", { name, password });
  if (!answer.ok) {
    const told = (await answer.json().catch(() => ({}))) as { detail?: string };
    throw new Error(told.detail ?? "That did not work.");
  }
  await take(answer);
}

export async function logout(): Promise<void> {
  await call("logout", {});
  clearTimeout(timer);
  forget();
  for (const tell of renewed) tell("");
}

/** A new token by the cookie; false when there is no session any more. */
export async function refresh(): Promise<boolean> {
  const before = token;
  const renew = async (): Promise<boolean> => {
    if (token !== before) return true; // somebody here was quicker
    const answer = await call("refresh", {});
    if (answer.ok) return take(answer);
    if (answer.status === 401) forget();
    return false;
  };
  if (!hasSession()) return false;
  return navigator.locks ? navigator.locks.request("crossbook.refresh", renew) : renew();
}

async function take(answer: Response): Promise<boolean> {
  const { session } = (await answer.json()) as { session: unknown };
  const grant = fromJson<SessionGrant>("SessionGrant", session);
  token = grant.accessToken;
  remember(true);
  clearTimeout(timer);
  timer = setTimeout(() => void refresh(), Math.max(5000, (grant.expiresIn ?? 0) - EARLY_MS));
  for (const tell of renewed) tell(token);
  return true;
}

/** Whether the gateway shows nothing to who has not said who they are. */
export function isShutOut(): boolean {
  return me().principal !== "" && me().role === 0;
}

/** Who the gateway takes this page's socket for. */
export function greeted(principal: string, role: number): void {
  setMe((before) => ({ ...before, principal, role }));
}

/** Asks whether there are passwords, and until when the session lasts. An answer to who one was before is no news. */
export async function learn(): Promise<void> {
  const asked = token;
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch("/api/auth/me", { headers }).catch(() => undefined);
  const told: unknown = answer?.ok ? await answer.json() : undefined;
  if (told !== undefined && token === asked) setMe(fromJson<GetMeResponse>("GetMeResponse", told));
}

async function call(what: string, body: unknown): Promise<Response> {
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return fetch(`/api/auth/${what}`, init).catch(() => new Response(null, { status: 503 }));
}

/** Where strangers are shown nothing no socket would say who we are now. */
function forget(): void {
  token = "";
  remember(false);
  void learn();
}

/** Whether this browser has a session, so that nobody's page asks for none. No secret: only that there is one. */
function hasSession(): boolean {
  return localStorage.getItem("crossbook.session") === "yes";
}

function remember(has: boolean): void {
  if (has) localStorage.setItem("crossbook.session", "yes");
  else localStorage.removeItem("crossbook.session");
}
