// The pages, in the order of the rail, each with its key: g then the letter.

import { lazy, type Component } from "solid-js";

export interface Page {
  name: string;
  title: string;
  key: string;
  view: Component;
}

export const PAGES: Page[] = [
  { name: "overview", title: "Overview", key: "o", view: lazy(() => import("../pages/overview")) },
  { name: "prices", title: "Prices", key: "p", view: lazy(() => import("../pages/prices")) },
  { name: "opportunities", title: "Opportunities", key: "a", view: lazy(() => import("../pages/opportunities")) },
  { name: "venues", title: "Venues", key: "v", view: lazy(() => import("../pages/venues")) },
  { name: "windows", title: "Windows", key: "w", view: lazy(() => import("../pages/windows")) },
  { name: "alerts", title: "Alerts", key: "l", view: lazy(() => import("../pages/alerts")) },
  { name: "identity", title: "Identity", key: "i", view: lazy(() => import("../pages/identity")) },
  { name: "system", title: "System", key: "s", view: lazy(() => import("../pages/system")) },
  { name: "accounts", title: "Accounts", key: "c", view: lazy(() => import("../pages/accounts")) },
];

export const ON_TABS = ["overview", "prices", "opportunities", "alerts"];
