// Alerts that fired, with each delivery and what is being held back; and the rules that say when to tell whom.

import { createMemo, createSignal, For, Show, type JSX } from "solid-js";
import { alerts, load } from "../data/alerts";
import { open } from "../data/opportunities";
import { processes } from "../data/processes";
import { may, OPERATOR } from "../link/session";
import { get, post, remove } from "../link/rest";
import { AlertTrigger, DeliveryState, type AlertRow, type AlertRule, type ListAlertRulesResponse } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { Export, type Exported } from "../ui/export";
import { clock, count, duration, moment, percent } from "../ui/format";
import { Head, Listing } from "../ui/panel";
import { Figure, Percent, poll } from "../ui/parts";
import { change, link, param } from "../ui/route";
import { keep, kept } from "../ui/settings";
import { attempt } from "../ui/toasts";
import { Groups, Sent, Silences } from "./groups";
import { RuleEditor } from "./rule";

const idOf = (rule: string): string => rule.replace("alertRules/", "");

const EXPORTED: Exported<AlertRow>[] = [
  { title: "name", value: (r) => r.name },
  { title: "rule", value: (r) => r.rule },
  { title: "fired (ms since 1970, UTC)", value: (r) => r.firedAt },
  { title: "asset", value: (r) => r.opportunity?.asset },
  { title: "buy_venue", value: (r) => r.opportunity?.buy?.venue },
  { title: "sell_venue", value: (r) => r.opportunity?.sell?.venue },
  { title: "net (%)", value: (r) => r.opportunity?.costs?.netPercent },
  { title: "notional (quote currency)", value: (r) => r.opportunity?.executableNotional },
  { title: "deliveries", value: (r) => r.deliveries.map((one) => `${one.channelId}:${DeliveryState[one.state]}`).join(" ") },
];

export default function Alerts(): JSX.Element {
  const asked = poll(async () => fromJson<ListAlertRulesResponse>("ListAlertRulesResponse", await get("/api/alerts/rules", { pageSize: 500 })).alertRules, 5000);
  const rules = (): AlertRule[] => asked.data() ?? [];
  const edited = createMemo(() => (param("edit") === "new" ? null : rules().find((each) => idOf(each.name) === param("edit"))));
  poll(load, 5000);
  return (
    <>
      <Head title="Alerts" note="Who was told what, and when to tell whom.">
        <Export name="alerts" rows={shown} columns={EXPORTED} path="/api/alerts" query={{ rule: param("rule"), limit: 100 }} grpc={{ port: 50054, method: "crossbook.v1.AlertService/ListAlerts", request: {} }} />
        <Show when={may(OPERATOR)}><button class="button main" onClick={() => change({ edit: "new" })}>New rule</button></Show>
      </Head>
      <Figures />
      <Show when={edited() !== undefined && param("edit")} keyed>
        {(_) => <RuleEditor rule={edited() ?? null} onDone={() => (change({ edit: "" }), asked.reload())} />}
      </Show>
      <Groups />
      <Rules rules={rules()} error={asked.error()} reload={asked.reload} />
      <Silences rules={rules()} />
      <History />
    </>
  );
}

function shown(): AlertRow[] {
  const rule = param("rule");
  return alerts().filter((each) => !rule || idOf(each.rule) === rule);
}

function Figures(): JSX.Element {
  const asked = poll(async () => (await processes()).flatMap((each) => each.alerts ?? []), 2000);
  const sum = (value: (one: { fired: number; suppressed: number; delivered: number; failed: number; pending: number }) => number): string =>
    count((asked.data() ?? []).reduce((all, one) => all + value(one), 0));
  const known = (): boolean => (asked.data() ?? []).every((one) => one.cooldownAvailable);
  return (
    <div class="figures live" aria-label="Figures">
      <Figure label="Fired" value={sum((one) => one.fired)} note="since the start" />
      <Figure label="Held back" value={sum((one) => one.suppressed)} note={known() ? "by a cooldown" : "Redis does not answer"} />
      <Figure label="Delivered" value={sum((one) => one.delivered)} note="taken by the other end" />
      <Figure label="Waiting" value={sum((one) => one.pending)} note="for their next try" />
      <Figure label="Given up" value={sum((one) => one.failed)} note="can be sent once more" />
    </div>
  );
}

function Rules(props: { rules: AlertRule[]; error: unknown; reload: () => void }): JSX.Element {
  const check = async (): Promise<void> => {
    await attempt("The scheduled rules were evaluated.", () => post("/api/alerts/check", {}));
    void load();
  };
  const drop = (rule: AlertRule): void =>
    void (confirm(`Remove the rule ${rule.displayName || idOf(rule.name)}? Its alerts stay.`) && attempt("The rule is gone.", () => remove(`/api/alerts/rules/${idOf(rule.name)}`)).then(props.reload));
  return (
    <Listing
      title="Rules"
      note={String(props.rules.length)}
      tools={<Show when={may(OPERATOR)}><button class="button" onClick={() => void check()}>Evaluate scheduled rules now</button></Show>}
      error={props.error}
      heads={["Rule", "Looks at", "Only", ">Net % from", ">Notional from", ">Quiet after", "Tells", "Sound here", ".Actions"]}
      rows={props.rules}
      by={(rule) => rule.name}
      empty={<><b>No rule yet</b>{may(OPERATOR) ? "Make one: it says from which profit on whom to tell." : "An operator can make one."}</>}
    >
      {(rule) => (
        <tr>
          <td><b>{rule().displayName || idOf(rule().name)}</b> <Show when={!rule().isEnabled}><span class="tag">off</span></Show></td>
          <td>{(AlertTrigger[rule().trigger] ?? "").toLowerCase().replace("unspecified", "opportunity").replaceAll("_", " ")}</td>
          <td>{[...rule().assets, ...rule().symbols, ...rule().venues].join(", ") || "everything"}</td>
          <td class="end">{rule().minNetPercent === undefined ? "—" : percent(rule().minNetPercent!).replace("+", "")}</td>
          <td class="end">{rule().minNotional === undefined ? "—" : count(rule().minNotional!)}</td>
          <td class="end">{duration(rule().cooldown ?? 300_000)}</td>
          <td>{rule().channels.map((each) => each.id).join(", ")}</td>
          <td><Mute rule={rule().name} /></td>
          <td>
            <div class="actions">
              <button class="button" onClick={() => change({ rule: idOf(rule().name) })}>History</button>
              <Show when={may(OPERATOR)}>
                <button class="button" onClick={() => change({ edit: idOf(rule().name) })}>Edit</button>
                <button class="button danger" onClick={() => drop(rule())}>Remove</button>
              </Show>
            </div>
          </td>
        </tr>
      )}
    </Listing>
  );
}

function Mute(props: { rule: string }): JSX.Element {
  const [isSilent, setSilent] = createSignal(kept(`silent.${props.rule}`) === "yes");
  const flip = (): void => (keep(`silent.${props.rule}`, isSilent() ? null : "yes"), void setSilent(!isSilent()));
  return <label><input type="checkbox" checked={!isSilent()} onChange={flip} /> {isSilent() ? "muted" : "as set"}</label>;
}

function History(): JSX.Element {
  const redrive = async (alert: string): Promise<void> => {
    await attempt("What was given up is sent once more.", () => post("/api/alerts/redrive", { alert }));
    void load();
  };
  const hasFailed = (row: AlertRow): boolean => row.deliveries.some((each) => DeliveryState[each.state] === "FAILED");
  return (
    <Listing
      title="History"
      note={param("rule") ? `of ${param("rule")}` : "newest first"}
      tools={
        <>
          <Show when={param("rule")}><button class="button" onClick={() => change({ rule: "" })}>Of all rules</button></Show>
          <Show when={may(OPERATOR)}><button class="button" onClick={() => void redrive("")}>Send what was given up once more</button></Show>
        </>
      }
      scroll="tall"
      heads={["Fired", "Rule", "Asset", "Buy → sell", ">Net %", ">Notional", "Opportunity", "Deliveries"]}
      rows={shown()}
      by={(row) => row.name}
      empty={<><b>No alert yet</b>The next opportunity that a rule is about shows here, at once.</>}
    >
      {(row) => (
        <tr>
          <td class="num" title={moment(row().firedAt)}>{clock(row().firedAt, true)}</td>
          <td>{idOf(row().rule)}</td>
          <td>{row().opportunity?.asset}</td>
          <td>{row().opportunity?.buy?.venue} → {row().opportunity?.sell?.venue}</td>
          <td class="end"><Percent value={row().opportunity?.costs?.netPercent ?? NaN} /></td>
          <td class="end">{count(row().opportunity?.executableNotional ?? NaN)} {row().opportunity?.buy?.quoteCurrency}</td>
          <td><Still row={row()} /></td>
          <td>
            <For each={row().deliveries} fallback={<span class="dim">told with its group</span>}>{(each) => <Sent of={each} />}</For>
            <Show when={hasFailed(row()) && may(OPERATOR)}><button class="button" onClick={() => void redrive(row().name)}>Once more</button></Show>
          </td>
        </tr>
      )}
    </Listing>
  );
}

function Still(props: { row: AlertRow }): JSX.Element {
  const id = (): string => props.row.opportunity?.id ?? "";
  return (
    <Show when={id() && open.has(id())} fallback={<span class="dim">{props.row.closedAt === undefined ? "—" : `closed ${clock(props.row.closedAt)}`}</span>}>
      <a href={link("opportunities", new URLSearchParams({ open: id() }))}>open</a>
    </Show>
  );
}
