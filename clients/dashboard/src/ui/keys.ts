// Keys that work on every page: they do nothing while something is being typed.

import { PAGES } from "./pages";
import { go } from "./route";
import { settings } from "./settings";
import { setSound } from "./sound";

const AFTER_G_MS = 1200;

export const KEYS: [string, string][] = [
  ["/", "search an asset, an instrument, a venue or a page"],
  ["↑ ↓", "move in a table; Page Up, Page Down, Home, End too"],
  ["Enter", "open the row; Esc closes it"],
  ["c", "copy the row's prices in full"],
  ["m", "mute, or sound on"],
  ["t", "dark, light, or as the system"],
  ["u", "UTC or local time"],
  ["?", "this list"],
];

/** Listens until the answer is called. */
export function listenForKeys(does: { help: () => void }): () => void {
  let afterG = 0;
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (performance.now() - afterG < AFTER_G_MS) {
      const page = PAGES.find((each) => each.key === event.key);
      afterG = 0;
      if (page) return (event.preventDefault(), go(page.name));
    }
    if (event.key === "g") afterG = performance.now();
    else if (event.key === "?") does.help();
    else if (event.key === "m") setSound(settings.sound() === "off" ? "tone" : "off");
    else if (event.key === "u") settings.zone.set(settings.zone() === "utc" ? "local" : "utc");
    else if (event.key === "t") {
      settings.theme.set(settings.theme() === "system" ? "dark" : settings.theme() === "dark" ? "light" : "system");
    } else if (event.key === "/") {
      event.preventDefault();
      document.getElementById("command")?.focus();
    }
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input, select, textarea") || target.isContentEditable);
}
