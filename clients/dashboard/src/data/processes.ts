// Every process with its own counters, asked for by the pages that show them; and the reasons of refusals in words.

import { get } from "../link/rest";
import { RefusalReason, type ListProcessesResponse, type Process, type VenueStats } from "../wire/messages";
import { fromJson } from "../wire/protobuf";

export async function processes(): Promise<Process[]> {
  return fromJson<ListProcessesResponse>("ListProcessesResponse", await get("/api/processes")).processes;
}

/** The trackers' venues, each with the process that has it. */
export async function venueStats(): Promise<{ target: string; stats: VenueStats }[]> {
  const all = (await processes()).flatMap((each) => (each.tracker?.venues ?? []).map((stats) => ({ target: each.target, stats })));
  return all.sort((a, b) => a.stats.venue.localeCompare(b.stats.venue));
}

const WORDS: Record<string, string> = {
  NOT_LIVE: "a leg's book is not live",
  EMPTY_SIDE: "a leg has no bid or no ask",
  TOO_OLD: "a leg's quote is too old",
  SKEWED: "the legs are too far apart in time",
  FEE_UNKNOWN: "a fee is not known",
  RATE_UNKNOWN: "the rate between their currencies is not known",
  IDENTITY_SUSPECT: "they may not be one asset: decide under Identity",
  TOO_SMALL: "too little can be traded",
  BELOW_THRESHOLD: "pays less than the threshold",
  UNKNOWN_LEG: "a venue does not have this asset",
  CROSSED: "a leg's own book is crossed",
  MIDS_APART: "too far apart for one asset, so far",
  IDENTITY_DENIED: "said not to be one asset",
  RELAYED_BOOK: "one venue shows the other's books",
  DEPEGGED: "a dollar currency is off its peg",
};

export function reasonWords(reason: number | string): string {
  const name = typeof reason === "number" ? RefusalReason[reason] ?? String(reason) : reason;
  return WORDS[name] ?? name.toLowerCase().replaceAll("_", " ");
}

/** Refused candidates by reason, the most frequent first. */
export async function refusals(): Promise<{ words: string; count: number }[]> {
  const told = (await processes()).flatMap((each) => each.arbitrage?.refusals ?? []);
  return told.map(({ reason, count }) => ({ words: reasonWords(reason), count })).sort((a, b) => b.count - a.count);
}
