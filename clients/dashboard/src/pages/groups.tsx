// What is told together and who is at it; and what is held back on purpose, for a time.

import { createSignal, For, Show, type JSX } from "solid-js";
import { may, me, OPERATOR } from "../link/session";
import { get, post } from "../link/rest";
import { serverNow } from "../link/socket";
import { DeliveryState, type AlertGroup, type AlertRule, type Delivery, type ListAlertGroupsResponse, type ListSilencesResponse, type Silence } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { duration, moment } from "../ui/format";
import { Listing } from "../ui/panel";
import { Field, Percent, poll, State } from "../ui/parts";
import { attempt } from "../ui/toasts";

const SPANS: Record<string, string> = { "900": "15 minutes", "3600": "1 hour", "14400": "4 hours", "86400": "1 day" };
const names = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

export function Sent(props: { of: Delivery }): JSX.Element {
  const title = (): string => `${props.of.attempts} tries${props.of.lastError ? `; last: ${props.of.lastError}` : ""}${props.of.deliveryTime ? `; ${moment(props.of.deliveryTime)}` : ""}`;
  return <div title={title()}>{props.of.channelId} <State name={DeliveryState[props.of.state] ?? "?"} /> <span class="dim">{props.of.lastError}</span></div>;
}

export function Groups(): JSX.Element {
  const asked = poll(async () => fromJson<ListAlertGroupsResponse>("ListAlertGroupsResponse", await get("/api/alerts/groups", { pageSize: 20 })).groups, 2000);
  const acknowledge = (group: AlertGroup): void =>
    void attempt(`You are at ${group.label}: it is not told again until it closes.`, () => post("/api/alerts/groups/acknowledge", { name: group.name, author: me().principal })).then(asked.reload);
  const silence = (group: AlertGroup): void =>
    void attempt(`${group.label} is silent for an hour.`, () => post("/api/alerts/silences", silenceOf({ rules: [group.rule], assets: group.asset ? [group.asset] : [], venues: group.dislocatedVenue ? [group.dislocatedVenue] : [] }, 3600, `of ${group.label}`))).then(asked.reload);
  return (
    <Listing
      title="Groups"
      note="what belongs together is told together; the newest first"
      scroll="closed"
      class="live"
      error={asked.error()}
      heads={["About", ">Open", ">Peak %", ">For", "Told", "Held back", "Who is at it", ".Actions"]}
      rows={asked.data() ?? []}
      by={(group) => group.name}
      empty={<><b>No group yet</b>Alerts of one asset and one venue that is off stand here as one.</>}
    >
      {(group) => (
        <tr>
          <td title={`since ${moment(group().openTime)}`}><b>{group().label}</b> <Show when={group().closeTime}><span class="tag">closed</span></Show></td>
          <td class="end">{group().openCount} of {group().memberCount}</td>
          <td class="end"><Percent value={group().peakNetPercent} /></td>
          <td class="end">{duration(group().duration ?? NaN)}</td>
          <td><For each={group().deliveries} fallback={<span class="dim">not yet</span>}>{(each) => <Sent of={each} />}</For></td>
          <td class="dim">{group().heldBack}</td>
          <td>{group().acknowledgement ? `${group().acknowledgement!.author}, ${moment(group().acknowledgement!.time)}` : <span class="dim">nobody</span>}</td>
          <td>
            <Show when={may(OPERATOR)}>
              <div class="actions">
                <Show when={!group().closeTime && !group().acknowledgement}><button class="button" onClick={() => acknowledge(group())}>I am at it</button></Show>
                <button class="button" onClick={() => silence(group())}>Silence 1 h</button>
              </div>
            </Show>
          </td>
        </tr>
      )}
    </Listing>
  );
}

export function Silences(props: { rules: AlertRule[] }): JSX.Element {
  const asked = poll(async () => fromJson<ListSilencesResponse>("ListSilencesResponse", await get("/api/alerts/silences")).silences, 2000);
  const end = (one: Silence): void => void attempt("It is told again.", () => post("/api/alerts/silences/expire", { name: one.name })).then(asked.reload);
  const about = (one: Silence): string => [...one.rules.map((each) => each.replace("alertRules/", "rule ")), ...one.assets, ...one.venues].join(", ");
  return (
    <Listing
      title="Silences"
      note="held back on purpose; what they hold back is still in the history"
      error={asked.error()}
      before={<Show when={may(OPERATOR)}><NewSilence rules={props.rules} onMade={asked.reload} /></Show>}
      heads={["Of", "Until", "Why", "Who", ".Actions"]}
      rows={asked.data() ?? []}
      by={(one) => one.name}
      empty="Nothing is silent."
    >
      {(one) => (
        <tr>
          <td><b>{about(one())}</b> <Show when={!one().isActive}><span class="tag">not yet</span></Show></td>
          <td class="num">{moment(one().toTime)}</td><td>{one().comment}</td><td>{one().author}</td>
          <td><Show when={may(OPERATOR)}><button class="button" onClick={() => end(one())}>End it</button></Show></td>
        </tr>
      )}
    </Listing>
  );
}

function NewSilence(props: { rules: AlertRule[]; onMade: () => void }): JSX.Element {
  const [rule, setRule] = createSignal("");
  const [assets, setAssets] = createSignal("");
  const [venues, setVenues] = createSignal("");
  const [span, setSpan] = createSignal("3600");
  const [why, setWhy] = createSignal("");
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    const of = { rules: rule() ? [rule()] : [], assets: names(assets().toUpperCase()), venues: names(venues().toLowerCase()) };
    if (await attempt("It is silent.", () => post("/api/alerts/silences", silenceOf(of, Number(span()), why())))) (setAssets(""), setVenues(""), setWhy(""));
    props.onMade();
  };
  return (
    <form class="forms" onSubmit={(event) => void make(event)}>
      <Field label="Rule"><select onChange={(e) => setRule(e.currentTarget.value)}><option value="">any</option><For each={props.rules}>{(each) => <option value={each.name} selected={each.name === rule()}>{each.displayName || each.name}</option>}</For></select></Field>
      <Field label="Assets to silence"><input value={assets()} onInput={(e) => setAssets(e.currentTarget.value)} /></Field>
      <Field label="Venues to silence"><input value={venues()} onInput={(e) => setVenues(e.currentTarget.value)} /></Field>
      <Field label="For"><select onChange={(e) => setSpan(e.currentTarget.value)}><For each={Object.entries(SPANS)}>{([value, name]) => <option value={value} selected={value === span()}>{name}</option>}</For></select></Field>
      <Field label="Why it is silent"><input required maxlength="500" value={why()} onInput={(e) => setWhy(e.currentTarget.value)} /></Field>
      <div class="actions"><button class="button" type="submit">Silence</button></div>
    </form>
  );
}

function silenceOf(of: { rules: string[]; assets: string[]; venues: string[] }, seconds: number, why: string): Record<string, unknown> {
  return { ...of, toTime: new Date(serverNow() + seconds * 1000).toISOString(), author: me().principal, comment: why };
}
