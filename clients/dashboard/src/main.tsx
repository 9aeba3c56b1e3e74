// The page's beginning: who is looking, the link, the streams that every page shares, then the shell.

import { createEffect } from "solid-js";
import { render } from "solid-js/web";
import { follow as followAlerts } from "./data/alerts";
import { followAll } from "./data/market";
import { follow as followOpportunities } from "./data/opportunities";
import { follow as followSystem } from "./data/system";
import { begin } from "./link/session";
import { start } from "./link/socket";
import "uplot/dist/uPlot.min.css";
import "./style/base.css";
import "./style/parts.css";
import "./style/shell.css";
import { Shell } from "./ui/shell";
import { applyLooks } from "./ui/settings";
import { say } from "./ui/toasts";
import { allowOwnTemplates, WORKER } from "./ui/trusted";

allowOwnTemplates();
createEffect(applyLooks);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyLooks);
render(() => <Shell />, document.getElementById("app")!);

void begin().then((failure) => {
  if (failure) say(failure, { isBad: true });
  start();
  followSystem();
  followAll();
  followOpportunities();
  followAlerts();
});

if ("serviceWorker" in navigator) void navigator.serviceWorker.register(WORKER).catch(() => undefined);
