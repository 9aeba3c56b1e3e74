// Who is who: the own session, and for admins keys, users, sessions and what was done by whom.

import { createSignal, For, onMount, Show, type JSX } from "solid-js";
import { ADMIN, learn, login, logout, may, me } from "../link/session";
import { get, patch, post, remove } from "../link/rest";
import { Role, type ListApiKeysResponse, type ListAuditResponse, type ListSessionsResponse, type ListUsersResponse } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { copy } from "../ui/export";
import { moment } from "../ui/format";
import { Card, Failure, Field, poll } from "../ui/parts";
import { attempt } from "../ui/toasts";

const roleName = (role: number): string => (Role[role] ?? "nobody").toLowerCase();
const ROLES = ["VIEWER", "TRADER", "OPERATOR", "ADMIN"];

export default function Accounts(): JSX.Element {
  onMount(() => void learn());
  return (
    <>
      <header><h1>Accounts</h1><p>Who may see and change what.</p></header>
      <Own />
      <Show when={may(ADMIN)}><Keys /><Users /><Sessions /><Audit /></Show>
    </>
  );
}

function Own(): JSX.Element {
  const [name, setName] = createSignal("");
  const [password, setPassword] = createSignal("");
  const enter = (event: Event): void => {
    event.preventDefault();
    void attempt("You are logged in.", () => login(name(), password())).then(() => setPassword(""));
  };
  const isNobody = (): boolean => me().principal === "anonymous" || me().principal === "";
  return (
    <Card title="You" note={isNobody() ? "nobody in particular" : me().principal}>
      <div class="in pane">
        <dl class="facts">
          <dt>Role</dt><dd>{roleName(me().role)}</dd>
          <Show when={me().expireTime}><dt>Until</dt><dd>{moment(me().expireTime)}</dd></Show>
        </dl>
        <Show when={isNobody()} fallback={<div class="actions"><button class="button" onClick={() => void attempt("You are logged out.", logout)}>Log out</button></div>}>
          <p class="dim">To change something, open the link that `crossbook up` printed, or run `crossbook login` for another.</p>
          <Show when={me().hasPasswords}>
            <form class="forms" onSubmit={enter}>
              <Field label="Name"><input required autocomplete="username" value={name()} onInput={(e) => setName(e.currentTarget.value)} /></Field>
              <Field label="Password"><input required type="password" autocomplete="current-password" value={password()} onInput={(e) => setPassword(e.currentTarget.value)} /></Field>
              <div class="actions"><button class="button main" type="submit">Log in</button></div>
            </form>
          </Show>
        </Show>
      </div>
    </Card>
  );
}

function Keys(): JSX.Element {
  const asked = poll(async () => fromJson<ListApiKeysResponse>("ListApiKeysResponse", await get("/api/keys")).keys, 10_000);
  const [name, setName] = createSignal("");
  const [role, setRole] = createSignal("VIEWER");
  const [secret, setSecret] = createSignal("");
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    await attempt("The key is made.", async () => {
      const told = (await post("/api/keys", { displayName: name(), role: `ROLE_${role()}` })) as { secret: string };
      setSecret(told.secret);
      setName("");
    });
    asked.reload();
  };
  return (
    <Card title="Keys for programs">
      <div class="in pane">
        <Show when={asked.error()}><Failure error={asked.error()} /></Show>
        <form class="forms" onSubmit={(event) => void make(event)}>
          <Field label="What it is for"><input required maxlength="100" value={name()} onInput={(e) => setName(e.currentTarget.value)} /></Field>
          <Field label="Role"><select onChange={(e) => setRole(e.currentTarget.value)}><For each={[...ROLES, "TRACKER"]}>{(each) => <option value={each}>{each.toLowerCase()}</option>}</For></select></Field>
          <div class="actions"><button class="button main" type="submit">Make a key</button></div>
        </form>
        <Show when={secret()}>
          <p class="verdict">Shown once: <code>{secret()}</code> <button class="more" onClick={() => copy(secret(), "The key is copied.")}>Copy</button> <button class="more" onClick={() => setSecret("")}>Hide</button></p>
        </Show>
        <div tabindex="0" class="scroll">
          <table>
            <thead><tr><th>For</th><th>Id</th><th>Role</th><th>Made</th><th>Used last</th><th>Ends</th><th><span class="vh">Actions</span></th></tr></thead>
            <tbody>
              <For each={asked.data() ?? []} fallback={<tr><td colspan="7" class="dim">None.</td></tr>}>
                {(key) => (
                  <tr>
                    <td>{key.displayName}</td><td class="mono">{key.id}</td><td>{roleName(key.role)}</td>
                    <td class="num">{moment(key.createTime)}</td><td class="num">{moment(key.lastUseTime)}</td>
                    <td class="num">{key.revokeTime ? `revoked ${moment(key.revokeTime)}` : moment(key.expireTime)}</td>
                    <td><Show when={!key.revokeTime}><button class="button danger" onClick={() => confirm(`Revoke ${key.displayName}? Who uses it is refused within 5 seconds.`) && void attempt("It is revoked.", () => remove(`/api/keys/${key.id}`)).then(asked.reload)}>Revoke</button></Show></td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </div>
      </div>
    </Card>
  );
}

function Users(): JSX.Element {
  const asked = poll(async () => fromJson<ListUsersResponse>("ListUsersResponse", await get("/api/users")).users, 10_000);
  const [name, setName] = createSignal("");
  const [role, setRole] = createSignal("VIEWER");
  const [password, setPassword] = createSignal("");
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await attempt("The user is made.", () => post("/api/users", { name: name(), role: `ROLE_${role()}`, password: password() }))) (setName(""), setPassword(""));
    asked.reload();
  };
  return (
    <Card title="Users with a password">
      <div class="in pane">
        <Show when={asked.error()}><Failure error={asked.error()} /></Show>
        <form class="forms" onSubmit={(event) => void make(event)}>
          <Field label="Name"><input required pattern="[a-z0-9._\-]{1,63}" autocomplete="off" value={name()} onInput={(e) => setName(e.currentTarget.value)} /></Field>
          <Field label="Role"><select onChange={(e) => setRole(e.currentTarget.value)}><For each={ROLES}>{(each) => <option value={each}>{each.toLowerCase()}</option>}</For></select></Field>
          <Field label="Password, 12 characters or more"><input required minlength="12" type="password" autocomplete="new-password" value={password()} onInput={(e) => setPassword(e.currentTarget.value)} /></Field>
          <div class="actions"><button class="button main" type="submit">Make a user</button></div>
        </form>
        <table>
          <tbody>
            <For each={asked.data() ?? []} fallback={<tr><td class="dim">None.</td></tr>}>
              {(user) => (
                <tr>
                  <td>{user.name}</td><td class="num">{moment(user.createTime)}</td>
                  <td>
                    <select aria-label={`Role of ${user.name}`} onChange={(e) => void attempt("The role is changed.", () => patch(`/api/users/${user.name}`, { role: `ROLE_${e.currentTarget.value}` }, "")).then(asked.reload)}>
                      <For each={ROLES}>{(each) => <option value={each} selected={each === Role[user.role]}>{each.toLowerCase()}</option>}</For>
                    </select>
                  </td>
                  <td><button class="button danger" onClick={() => confirm(`Remove ${user.name}?`) && void attempt("The user is gone.", () => remove(`/api/users/${user.name}`)).then(asked.reload)}>Remove</button></td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Sessions(): JSX.Element {
  const asked = poll(async () => fromJson<ListSessionsResponse>("ListSessionsResponse", await get("/api/sessions")).sessions, 10_000);
  return (
    <Card title="Sessions">
      <Show when={asked.error()}><Failure error={asked.error()} /></Show>
      <div tabindex="0" class="scroll">
        <table>
          <thead><tr><th>Who</th><th>Role</th><th>Began</th><th>Renewed</th><th>From</th><th><span class="vh">Actions</span></th></tr></thead>
          <tbody>
            <For each={asked.data() ?? []} fallback={<tr><td colspan="6" class="dim">None.</td></tr>}>
              {(each) => (
                <tr>
                  <td>{each.principal}</td><td>{roleName(each.role)}</td><td class="num">{moment(each.createTime)}</td><td class="num">{moment(each.refreshTime)}</td><td class="mono">{each.address}</td>
                  <td><button class="button danger" onClick={() => confirm("End this session?") && void attempt("It is over.", () => remove(`/api/sessions/${each.id}`)).then(asked.reload)}>End</button></td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Audit(): JSX.Element {
  const asked = poll(async () => fromJson<ListAuditResponse>("ListAuditResponse", await get("/api/audit")).entries, 5000);
  return (
    <Card title="What was done" note="newest first; nobody can delete it">
      <Show when={asked.error()}><Failure error={asked.error()} /></Show>
      <div tabindex="0" class="scroll closed">
        <table>
          <thead><tr><th>When</th><th>Who</th><th>What</th><th>About</th><th>Outcome</th><th>From</th></tr></thead>
          <tbody>
            <For each={asked.data() ?? []} fallback={<tr><td colspan="6" class="dim">Nothing yet.</td></tr>}>
              {(each) => (
                <tr>
                  <td class="num">{moment(each.time)}</td><td>{each.principal} <span class="dim">{roleName(each.role)}</span></td>
                  <td title={each.request}>{each.method.split("/").at(-1)}</td><td class="mono">{each.resource}</td><td>{each.outcome}</td><td class="mono">{each.address}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </Card>
  );
}
