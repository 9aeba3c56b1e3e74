// Line icons of one weight, drawn here so that no font has to be fetched.

import type { JSX } from "solid-js";

const PATHS: Record<string, string> = {
  overview: "M3 3h7v9H3zM14 3h7v5h-7zM14 12h7v9h-7zM3 16h7v5H3z",
  prices: "M3 5h18M3 10h18M3 15h18M3 20h18M9 5v15",
  opportunities: "M4 17 10 11l4 4 6-8M14 7h6v6",
  venues: "M4 21V9l8-5 8 5v12M9 21v-6h6v6M2 21h20",
  windows: "M3 3v18h18M7 16v-5M11 16V8M15 16v-3M19 16V6",
  alerts: "M6 9a6 6 0 1 1 12 0c0 7 3 8 3 8H3s3-1 3-8M10 21h4",
  identity: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M16 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2 20c0-4 3-6 6-6s6 2 6 6M15 14c4 0 7 2 7 6",
  system: "M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01",
  accounts: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21c0-5 4-7 8-7s8 2 8 7",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l5 5",
  menu: "M4 7h16M4 12h16M4 17h16",
  looks: "M12 3v2M12 19v2M5 5l1.5 1.5M17.5 17.5 19 19M3 12h2M19 12h2M5 19l1.5-1.5M17.5 6.5 19 5M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8",
  sound: "M4 9v6h4l5 4V5L8 9zM17 9a4 4 0 0 1 0 6M19.5 6.5a8 8 0 0 1 0 11",
  mute: "M4 9v6h4l5 4V5L8 9zM17 9l5 6M22 9l-5 6",
  help: "M9 9a3 3 0 1 1 4 3c-1 .5-1 1-1 2M12 18h.01M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20",
  close: "M5 5l14 14M19 5 5 19",
  pin: "M12 2l3 7h6l-5 4 2 8-6-5-6 5 2-8-5-4h6z",
};

export function Icon(props: { name: string }): JSX.Element {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={PATHS[props.name]} />
    </svg>
  );
}
