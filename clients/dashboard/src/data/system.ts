// How the system is doing: the summary once a second, venues' health as it changes.

import { createSignal } from "solid-js";
import { CHANNEL, subscribe } from "../link/socket";
import type { GetSummaryResponse, VenueHealth } from "../wire/messages";

const [summary, setSummary] = createSignal<GetSummaryResponse>();
const [health, setHealth] = createSignal<VenueHealth[]>([]);
export { health, summary };

export function follow(): void {
  subscribe({ channel: CHANNEL.summary }, (frame) => frame.summary && setSummary(frame.summary));
  subscribe({ channel: CHANNEL.health }, (frame, isFirst) => {
    if (!frame.health) return;
    const byVenue = new Map(isFirst ? [] : health().map((each) => [each.venue, each]));
    for (const each of frame.health.venues) byVenue.set(each.venue, each);
    setHealth([...byVenue.values()].sort((a, b) => a.venue.localeCompare(b.venue)));
  });
}
