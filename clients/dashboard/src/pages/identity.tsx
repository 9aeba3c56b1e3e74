// Pairs that bear one asset's name and may not be one asset: withheld until somebody decides, and every decision can be taken back.

import { createSignal, Show, type JSX } from "solid-js";
import { may, OPERATOR } from "../link/session";
import { get, post } from "../link/rest";
import { IdentityState, type IdentityFinding, type IdentityMarket, type ListIdentityFindingsResponse } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { moment, percent, price } from "../ui/format";
import { Head, Listing } from "../ui/panel";
import { poll, State } from "../ui/parts";
import { link } from "../ui/route";
import { attempt, say } from "../ui/toasts";

const NAME = (state: "SUSPECT" | "CONFIRMED" | "DENIED"): string => `IDENTITY_STATE_${state}`;

export default function Identity(): JSX.Element {
  const ask = async (): Promise<IdentityFinding[]> =>
    fromJson<ListIdentityFindingsResponse>("ListIdentityFindingsResponse", await get("/api/identityFindings", { pageSize: 200 })).findings;
  const asked = poll(ask, 3000);
  const decide = async (finding: IdentityFinding, state: "SUSPECT" | "CONFIRMED" | "DENIED", comment: string): Promise<void> => {
    const before = IdentityState[finding.state] as "SUSPECT" | "CONFIRMED" | "DENIED";
    const send = (next: string, why: string): Promise<unknown> => post(`/api/${finding.name}:decide`, { state: next, comment: why });
    if (await attempt("", () => send(NAME(state), comment))) {
      say(`${finding.asset}: ${state.toLowerCase()}.`, { undo: () => void attempt("It is as before.", () => send(NAME(before), finding.comment)).then(asked.reload) });
      asked.reload();
    }
  };
  return (
    <>
      <Head title="Identity" note="Same name, another thing? Pairs whose prices stayed too far apart for a minute are withheld until you decide." />
      <Listing
        title="Findings"
        note={`${asked.data()?.length ?? 0}, newest first`}
        error={asked.error()}
        heads={["Asset", "State", "One", "Other", ">Apart %", "Found", "Decision"]}
        rows={asked.data() ?? []}
        by={(finding) => finding.name}
        empty={<><b>Nothing to decide</b>No two markets of one name are far enough apart.</>}
      >
        {(finding) => (
          <tr>
            <td><a href={link("prices", new URLSearchParams({ asset: finding().asset }))}>{finding().asset}</a></td>
            <td><State name={IdentityState[finding().state] ?? "?"} /></td>
            <td><Market of={finding().first} /></td>
            <td><Market of={finding().second} /></td>
            <td class="end">{percent(finding().differencePercent, 1)}</td>
            <td class="num">{moment(finding().findTime)}</td>
            <td><Decision finding={finding()} decide={decide} /></td>
          </tr>
        )}
      </Listing>
    </>
  );
}

function Market(props: { of: IdentityMarket | undefined }): JSX.Element {
  return <>{props.of?.venue} <span class="dim">{props.of?.symbol}</span> <span class="num">{price(props.of?.mid ?? NaN)}</span></>;
}

type Decide = (finding: IdentityFinding, state: "SUSPECT" | "CONFIRMED" | "DENIED", comment: string) => Promise<void>;

function Decision(props: { finding: IdentityFinding; decide: Decide }): JSX.Element {
  const [comment, setComment] = createSignal("");
  return (
    <Show when={may(OPERATOR)} fallback={<span class="dim">{props.finding.comment || "for operators"}</span>}>
      <div class="actions">
        <Show when={props.finding.comment}><span class="dim">{props.finding.comment}</span></Show>
        <input aria-label={`Why, for ${props.finding.asset}`} placeholder="Why" maxlength="500" value={comment()} onInput={(e) => setComment(e.currentTarget.value)} />
        <button class="button" onClick={() => void props.decide(props.finding, "CONFIRMED", comment())}>One asset</button>
        <button class="button danger" onClick={() => void props.decide(props.finding, "DENIED", comment())}>Two assets</button>
        <Show when={IdentityState[props.finding.state] !== "SUSPECT"}><button class="button" onClick={() => void props.decide(props.finding, "SUSPECT", comment())}>Take back</button></Show>
      </div>
    </Show>
  );
}
