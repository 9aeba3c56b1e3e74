// Opportunities from their opening to their close, with the way that each one's profit went: what the stream tells, and after
// a break what the list says is still open.

import { createSignal } from "solid-js";
import { get } from "../link/rest";
import { CHANNEL, serverNow, subscribe } from "../link/socket";
import { RefusalReason, type ListOpportunitiesResponse, type Opportunity, type OpportunityEvent, type ServerFrame } from "../wire/messages";
import { fromJson } from "../wire/protobuf";

const CLOSED = 3;
const MOST_CLOSED = 300;
const MOST_POINTS = 600;

/** One opportunity. `life` holds time, ms, and net percent, in turn. */
export interface Followed {
  opportunity: Opportunity;
  life: number[];
  closedMs?: number;
  closeReason?: string;
  durationMs?: number;
}

export const open = new Map<string, Followed>();
export const closed: Followed[] = [];
export const seenSinceStart = { opened: 0 };
const [version, setVersion] = createSignal(0);
const [isCaughtUp, setCaughtUp] = createSignal(false);
/** Changes whenever one opens, moves or closes. */
export { isCaughtUp, version };

let dropped = 0;
let isDirty = false;

export function follow(): void {
  subscribe({ channel: CHANNEL.opportunities }, take);
}

function take(frame: ServerFrame, isFirst: boolean): void {
  if (frame.dropped > dropped) void reconcile();
  dropped = frame.dropped;
  const told = frame.opportunities;
  if (!told) return;
  if (isFirst) forgetOthers(new Set(told.events.map((each) => each.opportunity?.id ?? "")));
  for (const event of told.events) see(event);
  if (told.isCaughtUp) setCaughtUp(true);
  if (told.events.length || told.isCaughtUp) touch();
}

export function see(event: OpportunityEvent): void {
  const opportunity = event.opportunity;
  if (!opportunity) return;
  const now = event.eventTime ?? 0;
  const followed = open.get(opportunity.id) ?? { opportunity, life: [] };
  if (!open.has(opportunity.id)) seenSinceStart.opened++;
  followed.opportunity = opportunity;
  if (followed.life.at(-2) !== now) followed.life.push(now, opportunity.costs?.netPercent ?? 0);
  if (followed.life.length > 2 * MOST_POINTS) followed.life.splice(2, 2);
  if (event.kind !== CLOSED) return void open.set(opportunity.id, followed);
  open.delete(opportunity.id);
  if (closed.some((each) => each.opportunity.id === opportunity.id)) return;
  followed.closedMs = now;
  followed.closeReason = RefusalReason[event.closeReason] ?? String(event.closeReason);
  followed.durationMs = event.duration ?? 0;
  closed.unshift(followed);
  closed.length = Math.min(closed.length, MOST_CLOSED);
}

/** A snapshot tells all that are open: the others have closed while nobody here listened. */
function forgetOthers(told: Set<string>): void {
  for (const id of [...open.keys()]) if (!told.has(id)) open.delete(id);
}

/** Events were dropped, since this page was slow: what is no longer listed has closed. */
async function reconcile(): Promise<void> {
  const asked = serverNow();
  const answer = await get<unknown>("/api/opportunities", { limit: 1000 }).catch(() => undefined);
  if (answer === undefined) return;
  const list = fromJson<ListOpportunitiesResponse>("ListOpportunitiesResponse", answer).opportunities;
  const listed = new Set(list.map((each) => each.id));
  for (const [id, followed] of open) {
    if (!listed.has(id) && (followed.life.at(-2) ?? 0) < asked - 2000) open.delete(id);
  }
  touch();
}

function touch(): void {
  if (isDirty) return;
  isDirty = true;
  setTimeout(() => ((isDirty = false), setVersion((n) => n + 1)), 100);
}

/** Any opportunity of this page's life, by id. */
export function find(id: string): Followed | undefined {
  return open.get(id) ?? closed.find((each) => each.opportunity.id === id);
}
