// How numbers and times are written: decimals by the market's tick, tiny prices with counted zeros, UTC unless told else.

import { settings } from "./settings";

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
export const NOTHING = "—";

/** Decimals that a tick of this size needs: 0.25 is 2, 0.001 is 3; undefined where the venue does not say. */
export function decimalsOf(tick: number): number | undefined {
  if (!(tick > 0)) return undefined;
  for (let decimals = 0; decimals <= 14; decimals++) {
    const scaled = tick * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return undefined;
}

/** 64,250.5 by its tick; 0.0₆5215 for 0.0000005215, whose zeros nobody can count. */
export function price(value: number, tick = 0): string {
  if (!Number.isFinite(value) || value === 0) return NOTHING;
  const decimals = decimalsOf(tick) ?? Math.max(0, Math.min(12, 5 - Math.floor(Math.log10(Math.abs(value)))));
  const shown = value.toFixed(decimals);
  const tiny = /^(-?)0\.(0{4,})(\d+)$/.exec(shown);
  if (tiny) return `${tiny[1]}0.0${subscript(tiny[2]!.length)}${tiny[3]}`;
  return grouped(shown);
}

/** Every digit, for the clipboard and for titles; never in the form 5.2e-7. */
export function exact(value: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  const shown = String(value);
  if (!shown.includes("e")) return shown;
  const [digits, power] = shown.split("e") as [string, string];
  const decimals = Math.max(0, (digits.split(".")[1] ?? "").length - Number(power));
  return value.toFixed(Math.min(100, decimals));
}

export function percent(value: number, decimals = 3): string {
  if (!Number.isFinite(value)) return NOTHING;
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(decimals)}`;
}

/** Sign and glyph, so that no colour has to be told from another. */
export function direction(value: number): "up" | "down" | "flat" {
  return value > 0 ? "up" : value < 0 ? "down" : "flat";
}

export function size(value: number): string {
  if (!Number.isFinite(value) || value === 0) return NOTHING;
  const magnitude = Math.abs(value);
  if (magnitude >= 1e9) return `${(value / 1e9).toFixed(2)}G`;
  if (magnitude >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (magnitude >= 1e3) return grouped(value.toFixed(0));
  return plain(value.toPrecision(4));
}

export function count(value: number): string {
  return grouped(String(Math.round(value)));
}

/** 0.3 s, 12 s, 3 m 20 s, 2 h 5 m: how long, never when. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return NOTHING;
  const seconds = Math.max(0, ms) / 1e3;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${Math.floor(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

/** 12:34:56, in the chosen zone, which is always written beside it or in its column's head. */
export function clock(ms: number | undefined, withZone = false): string {
  if (ms === undefined || !Number.isFinite(ms)) return NOTHING;
  return `${part(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" })}${withZone ? ` ${zone(ms)}` : ""}`;
}

/** 2026-11-30 12:34:56 UTC. */
export function moment(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return NOTHING;
  return `${part(ms, { year: "numeric", month: "2-digit", day: "2-digit" })} ${clock(ms, true)}`;
}

/** UTC, or the local zone's short name at that moment (it changes with the seasons). */
export function zone(ms = Date.now()): string {
  if (settings.zone() === "utc") return "UTC";
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(ms);
  return parts.find((each) => each.type === "timeZoneName")?.value ?? "local";
}

const formats = new Map<string, Intl.DateTimeFormat>();

function part(ms: number, options: Intl.DateTimeFormatOptions): string {
  const timeZone = settings.zone() === "utc" ? "UTC" : undefined;
  const key = `${timeZone}${Object.keys(options).join()}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", { ...options, timeZone, hourCycle: "h23" });
    formats.set(key, format);
  }
  return format.format(ms);
}

/** 0.5100, 6.177, 12.50: digits that count, so that a column keeps its width; never 5.2e-7. */
function plain(digits: string): string {
  return digits.includes("e") ? exact(Number(digits)) : digits;
}

function grouped(digits: string): string {
  const [whole, rest] = digits.split(".") as [string, string | undefined];
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (rest === undefined ? "" : `.${rest}`);
}

function subscript(number: number): string {
  return [...String(number)].map((digit) => SUBSCRIPTS[Number(digit)]).join("");
}
