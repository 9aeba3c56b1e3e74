// Whom a rule tells: one line of fields for each channel, of every kind that the proto has, each of which can be tried.

import { For, Index, Show, type JSX } from "solid-js";
import { post } from "../link/rest";
import type { AlertChannel, TestAlertChannelResponse } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { Field } from "../ui/parts";
import { attempt, say } from "../ui/toasts";

type Kind = Exclude<keyof AlertChannel, "id" | "textTemplate">;

interface Part {
  name: string;
  label: string;
  isNeeded?: boolean;
  isList?: boolean; // what commas part
  isLong?: boolean;
  choices?: string[];
}

export interface Channel {
  id: string;
  kind: Kind;
  parts: Record<string, string>;
  text: string;
  rest: Record<string, unknown>; // what it has and is not written here: kept as it is
}

const ADDRESS: Part = { name: "url", label: "Address", isNeeded: true };
const SERVER: Part = { name: "url", label: "Server, empty for theirs" };
const KINDS: Record<Kind, Part[]> = {
  console: [],
  webhook: [ADDRESS, { name: "secrets", label: "Secret, whsec_…", isNeeded: true, isList: true }],
  slack: [ADDRESS],
  discord: [ADDRESS],
  teams: [ADDRESS],
  telegram: [{ name: "botToken", label: "Bot's token", isNeeded: true }, { name: "chatId", label: "Chat", isNeeded: true }, { name: "messageThreadId", label: "Topic" }, SERVER],
  email: [
    { name: "host", label: "SMTP server", isNeeded: true }, { name: "port", label: "Port" },
    { name: "security", label: "Security", choices: ["SMTP_SECURITY_STARTTLS", "SMTP_SECURITY_TLS", "SMTP_SECURITY_NONE"] },
    { name: "username", label: "User" }, { name: "password", label: "Password" }, { name: "sender", label: "From", isNeeded: true },
    { name: "recipients", label: "To", isNeeded: true, isList: true },
  ],
  webPush: [
    ADDRESS, { name: "p256dh", label: "Its public key", isNeeded: true }, { name: "auth", label: "Its secret", isNeeded: true },
    { name: "vapidPrivateKey", label: "Our private key", isNeeded: true }, { name: "vapidSubject", label: "Contact", isNeeded: true },
  ],
  pagerduty: [{ name: "routingKey", label: "Routing key", isNeeded: true }, { name: "severity", label: "Severity", choices: ["", "critical", "error", "warning", "info"] }, SERVER],
  opsgenie: [{ name: "apiKey", label: "API key", isNeeded: true }, { name: "priority", label: "Priority", choices: ["", "P1", "P2", "P3", "P4", "P5"] }, { name: "tags", label: "Tags", isList: true }, SERVER],
  ntfy: [{ name: "topic", label: "Topic", isNeeded: true }, { name: "token", label: "Token" }, { name: "priority", label: "Priority, 1 to 5" }, SERVER],
  matrix: [ADDRESS, { name: "roomId", label: "Room", isNeeded: true }, { name: "accessToken", label: "Token", isNeeded: true }],
  apprise: [ADDRESS, { name: "tags", label: "Tags" }],
  template: [ADDRESS, { name: "template", label: "Template that makes JSON", isNeeded: true, isLong: true }],
};
const FOR_MACHINES: Kind[] = ["webhook", "template"];

export const newChannel = (id: string, kind: Kind): Channel => ({ id, kind, parts: {}, text: "", rest: {} });

/** `rule` is what REST is told of the rule that they are of. */
export function Channels(props: { channels: Channel[]; rule: Record<string, unknown>; onChange: (channels: Channel[]) => void }): JSX.Element {
  const put = (i: number, changes: Partial<Channel>): void => props.onChange(props.channels.map((each, at) => (at === i ? { ...each, ...changes } : each)));
  const test = (each: Channel): Promise<boolean> =>
    attempt("", async () => {
      const told = fromJson<TestAlertChannelResponse>("TestAlertChannelResponse", await post("/api/alerts/test", { channel: jsonOf(each), alertRule: props.rule }));
      say(told.isDelivered ? `${each.id} took the sample${told.httpStatus ? ` (${told.httpStatus})` : ""}.` : `${each.id}: ${told.error}`, { isBad: !told.isDelivered });
    });
  return (
    <>
      <Index each={props.channels}>
        {(each, i) => (
          <div class="forms">
            <Field label="Name"><input required value={each().id} onInput={(e) => put(i, { id: e.currentTarget.value })} /></Field>
            <Field label="Kind">
              <select onChange={(e) => put(i, { kind: e.currentTarget.value as Kind, parts: {}, rest: {} })}>
                <For each={Object.keys(KINDS)}>{(kind) => <option value={kind} selected={kind === each().kind}>{kind}</option>}</For>
              </select>
            </Field>
            <For each={KINDS[each().kind]}>{(part) => <One part={part} value={each().parts[part.name] ?? ""} onInput={(value) => put(i, { parts: { ...each().parts, [part.name]: value } })} />}</For>
            <Show when={!FOR_MACHINES.includes(each().kind)}>
              <Field label="Own text, a template"><textarea rows="1" value={each().text} onInput={(e) => put(i, { text: e.currentTarget.value })} /></Field>
            </Show>
            <div class="actions">
              <button type="button" class="button" onClick={() => void test(each())}>Try it</button>
              <button type="button" class="button" onClick={() => props.onChange(props.channels.filter((_, at) => at !== i))}>Remove</button>
            </div>
          </div>
        )}
      </Index>
    </>
  );
}

function One(props: { part: Part; value: string; onInput: (value: string) => void }): JSX.Element {
  const { name, label, isNeeded, isLong, choices } = props.part;
  return (
    <Field label={label}>
      {choices ? (
        <select name={name} onChange={(e) => props.onInput(e.currentTarget.value)}><For each={choices}>{(each) => <option value={each} selected={each === props.value}>{each.replace("SMTP_SECURITY_", "").toLowerCase()}</option>}</For></select>
      ) : isLong ? (
        <textarea required rows="2" value={props.value} onInput={(e) => props.onInput(e.currentTarget.value)} />
      ) : (
        <input required={isNeeded ?? false} value={props.value} onInput={(e) => props.onInput(e.currentTarget.value)} />
      )}
    </Field>
  );
}

export function channelOf(channel: AlertChannel): Channel {
  const kind = (Object.keys(KINDS) as Kind[]).find((each) => channel[each] !== undefined) ?? "console";
  const told = (channel[kind] ?? {}) as unknown as Record<string, unknown>;
  const parts = KINDS[kind].map(({ name, choices }) => [name, textOf(told[name], choices)]);
  const rest = Object.entries(told).filter(([name]) => KINDS[kind].every((each) => each.name !== name));
  return { id: channel.id, kind, parts: Object.fromEntries(parts), text: channel.textTemplate, rest: Object.fromEntries(rest) };
}

/** An enum has come as its number, which is its place among the choices, counted from 1. */
function textOf(value: unknown, choices?: string[]): string {
  if (typeof value === "number" && choices) return choices[Math.max(0, value - 1)]!;
  return value === 0 || value === undefined ? "" : String(value);
}

export function jsonOf(channel: Channel): Record<string, unknown> {
  const said = KINDS[channel.kind].flatMap(({ name, isList, choices }) => {
    const value = (channel.parts[name] ?? choices?.[0] ?? "").trim();
    return value === "" ? [] : [[name, isList ? value.split(/[\s,]+/).filter(Boolean) : value]];
  });
  return { id: channel.id, [channel.kind]: { ...channel.rest, ...Object.fromEntries(said) }, ...(channel.text ? { textTemplate: channel.text } : {}) };
}
