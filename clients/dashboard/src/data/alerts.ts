// Alerts: the latest by a list, then each as it fires, with its sound and its notice.

import { createSignal } from "solid-js";
import { get } from "../link/rest";
import { CHANNEL, subscribe } from "../link/socket";
import type { Alert, AlertRow, ListAlertRowsResponse } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { kept } from "../ui/settings";
import { notice, sound } from "../ui/sound";
import { percent } from "../ui/format";

const MOST = 500;
const [alerts, setAlerts] = createSignal<AlertRow[]>([]);
const [unread, setUnread] = createSignal(0);
export { alerts, unread };

export function follow(): void {
  void load();
  subscribe({ channel: CHANNEL.alerts }, (frame) => {
    if (frame.subscribed) void load();
    if (frame.alert?.alert) fired(frame.alert.alert);
  });
}

/** The latest with their deliveries as they are now. */
export async function load(): Promise<void> {
  const answer = await get<unknown>("/api/alerts", { limit: 100 }).catch(() => undefined);
  if (answer !== undefined) merge(fromJson<ListAlertRowsResponse>("ListAlertRowsResponse", answer).alerts);
}

export function markRead(): void {
  setUnread(0);
}

function fired(alert: Alert): void {
  if (alerts().some((each) => each.name === alert.name)) return; // told again after a break
  const row: AlertRow = { name: alert.name, rule: alert.rule, deliveries: alert.deliveries, firedAt: alert.fireTime ?? 0 };
  if (alert.opportunity) row.opportunity = alert.opportunity;
  merge([row]);
  setUnread((n) => n + 1);
  const net = alert.opportunity?.costs?.netPercent ?? 0;
  const words = `${alert.opportunity?.asset ?? ""} ${percent(net, 2)} percent`;
  if (kept(`silent.${alert.rule}`) !== "yes") {
    sound(words);
    notice("Crossbook alert", `${words}: ${alert.opportunity?.buy?.venue} → ${alert.opportunity?.sell?.venue}`);
  }
}

function merge(fresh: AlertRow[]): void {
  const byName = new Map(alerts().map((each) => [each.name, each]));
  for (const each of fresh) byName.set(each.name, each);
  setAlerts([...byName.values()].sort((a, b) => b.firedAt - a.firedAt).slice(0, MOST));
}
