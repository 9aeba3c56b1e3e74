// The one WebSocket: dialled for ever with full jitter, silent after 2 s without a word, dialled anew after 5. What was
// subscribed is subscribed again; events go on by their token; a hole in a sequence begins the subscription anew.

import { createSignal } from "solid-js";
import type { ClientFrame, ServerFrame, Subscribe, Welcome } from "../wire/messages";
import { decode, encode } from "../wire/protobuf";
import { accessToken, greeted, onRenewed, refresh } from "./session";

export type LinkState = "dialling" | "live" | "silent" | "down";

export const CHANNEL = { quotes: 1, rank: 2, opportunities: 3, alerts: 4, health: 5, log: 6, summary: 7 } as const;
const SILENT_MS = 2000;
const DEAD_MS = 5000;
const JITTER_MS = [250, 15_000] as const;
const UNAUTHENTICATED = 4401;

export interface Handle {
  change(wish: Wish): void;
  close(): void;
}

export type Wish = Partial<Omit<Subscribe, "id">>;
type Take = (frame: ServerFrame, isFirstOfSnapshot: boolean) => void;

interface Subscription {
  id: number;
  wish: Wish;
  take: Take;
  sequence: number;
  token: string;
  isInSnapshot: boolean;
}

const [state, setState] = createSignal<LinkState>("dialling");
const [welcome, setWelcome] = createSignal<Welcome>();
const [heard, setHeard] = createSignal(0); // server's time of its welcome or last heartbeat, ms
const [venueAges, setVenueAges] = createSignal<Record<string, number>>({});
const [lostShards, setLostShards] = createSignal<string[]>([]);
export { heard, lostShards, state, venueAges, welcome };

/** What went wrong on the link since the page was opened, for the System page and for tests. */
export const counts = { dials: 0, holes: 0, frames: 0, quoteFrames: 0, problems: 0 };

const subscriptions = new Map<number, Subscription>();
let socket: WebSocket | undefined;
let next = 1;
let tries = 0;
let isGreeted = false;
let lastWord = performance.now();
let offsetMs = 0;
let redial: ReturnType<typeof setTimeout> | undefined;

/** The server's clock, as it last told it: ages do not depend on this computer's. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}

export function subscribe(wish: Wish, take: Take): Handle {
  const own: Subscription = { id: next++, wish, take, sequence: 0, token: "", isInSnapshot: false };
  subscriptions.set(own.id, own);
  if (isOpen()) begin(own);
  return {
    change(changed) {
      own.wish = changed;
      if (isOpen()) say({ change: asked(own) });
    },
    close() {
      subscriptions.delete(own.id);
      if (isOpen()) say({ unsubscribe: { id: own.id } });
    },
  };
}

export function start(): void {
  onRenewed((token) => (token && isOpen() ? say({ renew: { accessToken: token } }) : dial()));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") return void (isOpen() && say({ pause: {} }));
    if (isOpen()) say({ resume: {} });
    else dial();
  });
  addEventListener("online", dial);
  setInterval(watch, 250);
  dial();
}

function dial(): void {
  clearTimeout(redial);
  drop();
  counts.dials++;
  if (state() !== "silent") setState(tries > 0 ? "down" : "dialling");
  const token = accessToken();
  const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
  const own = new WebSocket(url, ["crossbook.v1", ...(token ? [`crossbook.bearer.${token}`] : [])]);
  own.binaryType = "arraybuffer";
  own.onmessage = (message) => own === socket && hear(decode<ServerFrame>("ServerFrame", new Uint8Array(message.data as ArrayBuffer)));
  own.onclose = (event) => own === socket && void lost(event.code);
  socket = own;
  lastWord = performance.now();
}

async function lost(code: number): Promise<void> {
  setState("down");
  drop();
  if (code === UNAUTHENTICATED) await refresh();
  clearTimeout(redial);
  const most = Math.min(JITTER_MS[1], JITTER_MS[0] * 2 ** tries++);
  redial = setTimeout(dial, JITTER_MS[0] + Math.random() * most);
}

function drop(): void {
  const old = socket;
  socket = undefined;
  isGreeted = false;
  old?.close();
}

function watch(): void {
  const silence = performance.now() - lastWord;
  if (!socket || document.visibilityState === "hidden") return;
  if (silence > SILENT_MS && state() === "live") setState("silent");
  if (silence > DEAD_MS) void lost(0);
}

function hear(frame: ServerFrame): void {
  lastWord = performance.now();
  counts.frames++;
  if (frame.welcome) greet(frame.welcome);
  if (frame.heartbeat) {
    heardAt(frame.heartbeat.serverTimeMs);
    setVenueAges(frame.heartbeat.venueAgeMs);
    if (frame.heartbeat.lostShards.join() !== lostShards().join()) setLostShards(frame.heartbeat.lostShards);
  }
  if (socket && state() !== "live") setState("live");
  const own = subscriptions.get(frame.subscription);
  if (frame.problem) {
    counts.problems++;
    console.warn(`crossbook: ${frame.problem.code}: ${frame.problem.message}`);
  }
  if (own) pass(frame, own);
}

function heardAt(serverMs: number): void {
  offsetMs = serverMs - Date.now();
  setHeard(serverMs);
}

function greet(told: Welcome): void {
  tries = 0;
  heardAt(told.serverTimeMs);
  setWelcome(told);
  greeted(told.principal, told.role);
  isGreeted = true;
  for (const own of subscriptions.values()) begin(own);
  if (document.visibilityState === "hidden") say({ pause: {} });
}

function pass(frame: ServerFrame, own: Subscription): void {
  if (frame.sequence && frame.sequence !== own.sequence + 1) return anew(own);
  if (frame.sequence) own.sequence = frame.sequence;
  if (frame.resumeToken) own.token = frame.resumeToken;
  if (frame.quotes) counts.quoteFrames++;
  const isFirst = frame.isSnapshot && !own.isInSnapshot;
  own.isInSnapshot = frame.isSnapshot && !frame.isLast;
  own.take(frame, isFirst);
}

function anew(own: Subscription): void {
  counts.holes++;
  say({ unsubscribe: { id: own.id } });
  subscriptions.delete(own.id);
  own.id = next++;
  subscriptions.set(own.id, own);
  begin(own);
}

function begin(own: Subscription): void {
  own.sequence = 0;
  own.isInSnapshot = false;
  say({ subscribe: asked(own) });
}

function asked(own: Subscription): Subscribe {
  return { channel: 0, instruments: [], maxHz: 0, ...own.wish, id: own.id, resumeToken: own.token };
}

function say(frame: ClientFrame): void {
  socket?.send(encode("ClientFrame", frame) as Uint8Array<ArrayBuffer>);
}

function isOpen(): boolean {
  return isGreeted && socket?.readyState === WebSocket.OPEN;
}
