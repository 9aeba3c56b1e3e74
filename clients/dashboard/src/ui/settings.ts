// What this browser keeps for its user: theme, palette, zone, sound, density. A reader without storage has the defaults.

import { createSignal, type Accessor } from "solid-js";

const PREFIX = "crossbook.";

export type Theme = "system" | "dark" | "light";
export type Palette = "classic" | "swapped" | "blue-orange";
export type Zone = "utc" | "local";

export interface Setting<T extends string> {
  (): T;
  set(value: T): void;
}

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // a private window without storage: the setting lasts as long as the page
  }
}

function setting<T extends string>(key: string, values: readonly T[]): Setting<T> {
  const stored = kept(key) as T | null;
  const [value, change] = createSignal<T>(stored !== null && values.includes(stored) ? stored : values[0]!);
  const set = (next: T): void => {
    keep(key, next);
    change(() => next);
  };
  return Object.assign((() => value()) as Accessor<T>, { set }) as Setting<T>;
}

export const settings = {
  theme: setting<Theme>("theme", ["system", "dark", "light"]),
  palette: setting<Palette>("palette", ["classic", "swapped", "blue-orange"]),
  zone: setting<Zone>("zone", ["utc", "local"]),
  sound: setting("sound", ["off", "tone", "voice"] as const),
  notices: setting("notices", ["off", "on"] as const),
  tour: setting("tour", ["new", "seen"] as const),
  quiet: setting("quiet", ["never", "22-07"] as const),
};

/** Writes theme and palette where the style looks for them. */
export function applyLooks(): void {
  const root = document.documentElement;
  const isDark =
    settings.theme() === "dark" ||
    (settings.theme() === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = isDark ? "dark" : "light";
  root.dataset.palette = settings.palette();
}
