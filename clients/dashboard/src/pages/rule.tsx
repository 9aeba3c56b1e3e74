// The editor of one rule: what it would match now is shown while it is written, each channel can be tried, and nothing is saved
// over somebody else's change.

import { createMemo, createSignal, For, Show, type JSX } from "solid-js";
import { open, version } from "../data/opportunities";
import { patch, post } from "../link/rest";
import { AlertTrigger, type AlertRule, type Opportunity } from "../wire/messages";
import { percent } from "../ui/format";
import { Card, Failure, Field } from "../ui/parts";
import { say } from "../ui/toasts";
import { channelOf, Channels, jsonOf, newChannel, type Channel } from "./channels";

interface Draft {
  id: string;
  displayName: string;
  isEnabled: boolean;
  trigger: string;
  venues: string;
  assets: string;
  minNet: string;
  minGross: string;
  minNotional: string;
  minLife: string;
  cooldown: string;
  own: Record<string, string>;
}

interface Own {
  field: "feed" | "system" | "marketMove" | "fundingSpread" | "basis" | "canary";
  parts: { name: string; label: string; isSpan?: boolean }[];
}

const TRIGGERS = ["OPPORTUNITY", "SNAPSHOT", "MINUTE", "FEED", "SYSTEM", "MARKET_MOVE", "FUNDING_SPREAD", "BASIS", "CANARY"];
const OTHER = ""; // of a kind that is not written here: kept as it is
const OWN: Record<string, Own> = {
  FEED: { field: "feed", parts: [
    { name: "staleAfter", label: "Instrument not live for, s", isSpan: true }, { name: "maxResyncs", label: "Books rebuilt, more than" },
    { name: "resyncWithin", label: "within, s", isSpan: true }, { name: "maxClockOffsetMs", label: "Clock off by more than, ms" },
    { name: "maxDelayMs", label: "Quotes late by more than, ms" },
  ] },
  SYSTEM: { field: "system", parts: [{ name: "minFreeDiskPercent", label: "Disk free below, %" }, { name: "maxBufferPercent", label: "Buffers filled beyond, %" }] },
  MARKET_MOVE: { field: "marketMove", parts: [{ name: "minPercent", label: "Moved by, %" }, { name: "within", label: "within, s", isSpan: true }] },
  FUNDING_SPREAD: { field: "fundingSpread", parts: [{ name: "minPercentPerHour", label: "Funding apart by, % an hour" }] },
  BASIS: { field: "basis", parts: [{ name: "minPercent", label: "Mark off its index by, %" }] },
  CANARY: { field: "canary", parts: [{ name: "interval", label: "Every, s", isSpan: true }] },
};
const names = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);
const number = (text: string): number | undefined => (text.trim() === "" ? undefined : Number(text.replace(",", ".")));

export function RuleEditor(props: { rule: AlertRule | null; onDone: () => void }): JSX.Element {
  const [draft, setDraft] = createSignal(draftOf(props.rule));
  const [channels, setChannels] = createSignal<Channel[]>(props.rule ? props.rule.channels.map(channelOf) : [newChannel("console", "console")]);
  const [areChannelsNew, setChannelsNew] = createSignal(props.rule === null);
  const [failure, setFailure] = createSignal<unknown>();
  const put = (changes: Partial<Draft>): void => void setDraft({ ...draft(), ...changes });
  const putChannels = (all: Channel[]): void => (setChannelsNew(true), void setChannels(all));
  const grouping = props.rule?.grouping && { by: props.rule.grouping.by };
  const matches = createMemo(() => (version(), [...open.values()].map((each) => each.opportunity).filter((one) => isMatch(one, draft()))));
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    setFailure(undefined);
    const body = { ...ruleOf(draft()), ...(areChannelsNew() ? { channels: channels().map(jsonOf) } : {}) };
    try {
      if (props.rule === null) await post(`/api/alerts/rules${draft().id ? `?alertRuleId=${encodeURIComponent(draft().id)}` : ""}`, body);
      else await patch(`/api/alerts/rules/${props.rule.name.replace("alertRules/", "")}?updateMask=${maskOf(areChannelsNew(), draft().trigger !== OTHER)}`, body, props.rule.etag);
      say("The rule is saved.");
      props.onDone();
    } catch (error) {
      setFailure(() => error);
    }
  };

  return (
    <Card title={props.rule ? `Rule ${props.rule.displayName || props.rule.name}` : "New rule"}>
      <form class="in pane" onSubmit={(event) => void save(event)}>
        <div class="forms">
          <Show when={props.rule === null}><Field label="Id, a-z 0-9 -"><input pattern="[a-z0-9\-]{1,63}" value={draft().id} onInput={(e) => put({ id: e.currentTarget.value })} /></Field></Show>
          <Field label="Name"><input required value={draft().displayName} onInput={(e) => put({ displayName: e.currentTarget.value })} /></Field>
          <Field label="Looks at"><select disabled={draft().trigger === OTHER} onChange={(e) => put({ trigger: e.currentTarget.value })}><Show when={draft().trigger === OTHER}><option selected>{AlertTrigger[props.rule?.trigger ?? 0]?.toLowerCase()}</option></Show><For each={TRIGGERS}>{(each) => <option value={each} selected={each === draft().trigger}>{each.toLowerCase()}</option>}</For></select></Field>
          <For each={OWN[draft().trigger]?.parts ?? []}>
            {(part) => <Field label={part.label}><input inputmode="decimal" value={draft().own[part.name] ?? ""} onInput={(e) => put({ own: { ...draft().own, [part.name]: e.currentTarget.value } })} /></Field>}
          </For>
          <Show when={draft().trigger !== "CANARY"}>
          <Field label="Venues, empty for all"><input value={draft().venues} onInput={(e) => put({ venues: e.currentTarget.value })} /></Field>
          <Field label="Assets, empty for all"><input value={draft().assets} onInput={(e) => put({ assets: e.currentTarget.value })} /></Field>
          </Show>
          <Show when={!OWN[draft().trigger]}>
          <Field label="Net % from"><input inputmode="decimal" value={draft().minNet} onInput={(e) => put({ minNet: e.currentTarget.value })} /></Field>
          <Field label="Gross % from"><input inputmode="decimal" value={draft().minGross} onInput={(e) => put({ minGross: e.currentTarget.value })} /></Field>
          <Field label="Notional from"><input inputmode="decimal" value={draft().minNotional} onInput={(e) => put({ minNotional: e.currentTarget.value })} /></Field>
          </Show>
          <Show when={draft().trigger !== "CANARY"}>
          <Field label="Open for at least, s"><input inputmode="decimal" value={draft().minLife} onInput={(e) => put({ minLife: e.currentTarget.value })} /></Field>
          <Field label="Quiet afterwards, s"><input inputmode="decimal" value={draft().cooldown} onInput={(e) => put({ cooldown: e.currentTarget.value })} /></Field>
          </Show>
          <Field label="In force"><span><input type="checkbox" aria-label="In force" checked={draft().isEnabled} onChange={(e) => put({ isEnabled: e.currentTarget.checked })} /></span></Field>
        </div>
        <Show when={!OWN[draft().trigger]}><p class="verdict" aria-live="polite">
          {matches().length === 0 ? "Of what is open now it would match nothing." : `Of what is open now it would match ${matches().length}: `}
          {matches().slice(0, 6).map((one) => `${one.asset} ${one.buy?.venue} → ${one.sell?.venue} ${percent(one.costs?.netPercent ?? NaN)} %`).join("; ")}
        </p></Show>
        <h3>Whom to tell</h3>
        <Channels channels={channels()} rule={{ ...ruleOf(draft()), grouping }} onChange={putChannels} />
        <Show when={props.rule !== null && areChannelsNew()}><p class="dim">Addresses and secrets are never shown whole: whatever is saved here replaces them, so write them again.</p></Show>
        <Show when={failure()}><Failure error={failure()} /></Show>
        <div class="actions">
          <button class="button main" type="submit">Save</button>
          <button class="button" type="button" onClick={() => props.onDone()}>Cancel</button>
          <button class="button" type="button" onClick={() => putChannels([...channels(), newChannel(`channel-${channels().length + 1}`, "webhook")])}>One more channel</button>
        </div>
      </form>
    </Card>
  );
}

function isMatch(one: Opportunity, draft: Draft): boolean {
  const [venues, assets] = [names(draft.venues), names(draft.assets)];
  const above = (value: number | undefined, least: string): boolean => number(least) === undefined || (value ?? 0) >= number(least)!;
  return (
    (venues.length === 0 || (venues.includes(one.buy?.venue ?? "") && venues.includes(one.sell?.venue ?? ""))) &&
    (assets.length === 0 || assets.includes(one.asset)) &&
    above(one.costs?.netPercent, draft.minNet) &&
    above(one.costs?.grossPercent, draft.minGross) &&
    above(one.executableNotional, draft.minNotional)
  );
}

function draftOf(rule: AlertRule | null): Draft {
  const text = (value: number | undefined): string => (value === undefined ? "" : String(value));
  const seconds = (ms: number | undefined): string => (ms === undefined ? "" : String(ms / 1e3));
  if (rule === null) return { id: "", displayName: "", isEnabled: true, trigger: "OPPORTUNITY", venues: "", assets: "", minNet: "0.1", minGross: "", minNotional: "", minLife: "", cooldown: "300", own: {} };
  return {
    id: rule.name, displayName: rule.displayName, isEnabled: rule.isEnabled, trigger: TRIGGERS[Math.max(0, rule.trigger - 1)] ?? OTHER,
    venues: rule.venues.join(", "), assets: rule.assets.join(", "), minNet: text(rule.minNetPercent), minGross: text(rule.minGrossPercent),
    minNotional: text(rule.minNotional), minLife: seconds(rule.minLife), cooldown: seconds(rule.cooldown), own: ownOf(rule),
  };
}

function ownOf(rule: AlertRule): Record<string, string> {
  const own = OWN[TRIGGERS[rule.trigger - 1] ?? ""];
  const given = (own && (rule[own.field] as unknown as Record<string, number | undefined> | undefined)) ?? {};
  return Object.fromEntries((own?.parts ?? []).flatMap(({ name, isSpan }) => (given[name] === undefined ? [] : [[name, String(isSpan ? given[name] / 1e3 : given[name])]])));
}

function ruleOf(draft: Draft): Record<string, unknown> {
  const seconds = (text: string): string | undefined => (number(text) === undefined ? undefined : `${number(text)}s`);
  const said = { displayName: draft.displayName, isEnabled: draft.isEnabled, trigger: draft.trigger === OTHER ? undefined : `ALERT_TRIGGER_${draft.trigger}` };
  const life = { venues: names(draft.venues), assets: names(draft.assets), minLife: seconds(draft.minLife), cooldown: seconds(draft.cooldown) };
  const own = OWN[draft.trigger];
  if (own === undefined) return { ...said, ...life, minNetPercent: number(draft.minNet), minGrossPercent: number(draft.minGross), minNotional: number(draft.minNotional) };
  const parts = own.parts.map(({ name, isSpan }) => [name, (isSpan ? seconds : number)(draft.own[name] ?? "")]);
  return { ...said, ...(draft.trigger === "CANARY" ? {} : life), [own.field]: Object.fromEntries(parts) };
}

function maskOf(withChannels: boolean, withTrigger: boolean): string {
  const own = ["trigger", ...Object.values(OWN).map((each) => each.field)];
  const fields = [...(withTrigger ? own : []), "displayName", "isEnabled", "venues", "assets", "minNetPercent", "minGrossPercent", "minNotional", "minLife", "cooldown"];
  return (withChannels ? [...fields, "channels"] : fields).join();
}
