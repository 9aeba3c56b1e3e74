// Who is who: the own session, and for admins keys, users, sessions and what was done by whom.

import { createSignal, For, onMount, Show, type JSX } from "solid-js";
import { ADMIN, learn, login, logout, may, me } from "../link/session";
import { get, patch, post, remove } from "../link/rest";
import { Role, type ListApiKeysResponse, type ListAuditResponse, type ListSessionsResponse, type ListUsersResponse } from "../wire/messages";
import { fromJson } from "../wire/protobuf";
import { copy } from "../ui/export";
import { moment } from "../ui/format";
import { Head, Listing } from "../ui/panel";
import { Card, Field, poll } from "../ui/parts";
import { attempt } from "../ui/toasts";

const roleName = (role: number): string => (Role[role] ?? "nobody").toLowerCase();
const ROLES = ["VIEWER", "TRADER", "OPERATOR", "ADMIN"];

export default function Accounts(): JSX.Element {
  onMount(() => void learn());
  return (
    <>
      <Head title="Accounts" note="Who may see and change what." />
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
    void attempt("You are logged in.", () => login(name(), password())).then(() => (setPassword(""), learn()));
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
          <p class="dim">To change something, open the link that <code>crossbook up</code> printed, or run <code>crossbook login</code> for another.</p>
          <Show when={me().hasSignOn}><div class="actions"><a class="button main" href="/api/auth/oidc/login">Log in with your organisation</a></div></Show>
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
  const [secret, setSecret] = createSignal("");
  const revoke = (id: string, name: string): void =>
    void (confirm(`Revoke ${name}? Who uses it is refused within 5 seconds.`) && attempt("It is revoked.", () => remove(`/api/keys/${id}`)).then(asked.reload));
  return (
    <Listing
      title="Keys for programs"
      error={asked.error()}
      before={
        <>
          <NewKey onMade={(made) => (setSecret(made), asked.reload())} />
          <Show when={secret()}>
            <p class="verdict">Shown once: <code>{secret()}</code> <button class="more" onClick={() => copy(secret(), "The key is copied.")}>Copy</button> <button class="more" onClick={() => setSecret("")}>Hide</button></p>
          </Show>
        </>
      }
      heads={["For", "Id", "Role", "Made", "Used last", "Ends", ".Actions"]}
      rows={asked.data() ?? []}
      by={(key) => key.id}
      empty="No key yet: a program that calls REST, the socket or gRPC shows one."
    >
      {(key) => (
        <tr>
          <td>{key().displayName}</td><td class="mono">{key().id}</td><td>{roleName(key().role)}</td>
          <td class="num">{moment(key().createTime)}</td><td class="num">{key().lastUseTime ? moment(key().lastUseTime) : "never"}</td>
          <td class="num">{key().revokeTime ? `revoked ${moment(key().revokeTime)}` : key().expireTime ? moment(key().expireTime) : "when revoked"}</td>
          <td><Show when={!key().revokeTime}><button class="button danger" onClick={() => revoke(key().id, key().displayName)}>Revoke</button></Show></td>
        </tr>
      )}
    </Listing>
  );
}

function NewKey(props: { onMade: (secret: string) => void }): JSX.Element {
  const [name, setName] = createSignal("");
  const [role, setRole] = createSignal("VIEWER");
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    await attempt("The key is made.", async () => {
      const told = (await post("/api/keys", { displayName: name(), role: `ROLE_${role()}` })) as { secret: string };
      setName("");
      props.onMade(told.secret);
    });
  };
  return (
    <form class="forms" onSubmit={(event) => void make(event)}>
      <Field label="What it is for"><input required maxlength="100" value={name()} onInput={(e) => setName(e.currentTarget.value)} /></Field>
      <Field label="Role"><Roles names={[...ROLES, "TRACKER"]} value={role()} onPick={setRole} /></Field>
      <div class="actions"><button class="button main" type="submit">Make a key</button></div>
    </form>
  );
}

function Users(): JSX.Element {
  const asked = poll(async () => fromJson<ListUsersResponse>("ListUsersResponse", await get("/api/users")).users, 10_000);
  const turn = (name: string, role: string): void => void attempt("The role is changed.", () => patch(`/api/users/${name}`, { role: `ROLE_${role}` }, "")).then(asked.reload);
  const drop = (name: string): void => void (confirm(`Remove ${name}?`) && attempt("The user is gone.", () => remove(`/api/users/${name}`)).then(asked.reload));
  return (
    <Listing
      title="Users with a password"
      error={asked.error()}
      before={<NewUser onMade={asked.reload} />}
      heads={["Name", "Made", "Role", ".Actions"]}
      rows={asked.data() ?? []}
      by={(user) => user.name}
      empty="No user yet: whoever has one logs in by name, on any browser."
    >
      {(user) => (
        <tr>
          <td>{user().name}</td><td class="num">{moment(user().createTime)}</td>
          <td><Roles label={`Role of ${user().name}`} names={ROLES} value={Role[user().role] ?? ""} onPick={(role) => turn(user().name, role)} /></td>
          <td><button class="button danger" onClick={() => drop(user().name)}>Remove</button></td>
        </tr>
      )}
    </Listing>
  );
}

function NewUser(props: { onMade: () => void }): JSX.Element {
  const [name, setName] = createSignal("");
  const [role, setRole] = createSignal("VIEWER");
  const [password, setPassword] = createSignal("");
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await attempt("The user is made.", () => post("/api/users", { name: name(), role: `ROLE_${role()}`, password: password() }))) (setName(""), setPassword(""));
    props.onMade();
  };
  return (
    <form class="forms" onSubmit={(event) => void make(event)}>
      <Field label="Name"><input required pattern="[a-z0-9._\-]{1,63}" autocomplete="off" value={name()} onInput={(e) => setName(e.currentTarget.value)} /></Field>
      <Field label="Role"><Roles names={ROLES} value={role()} onPick={setRole} /></Field>
      <Field label="Password, 12 characters or more"><input required minlength="12" type="password" autocomplete="new-password" value={password()} onInput={(e) => setPassword(e.currentTarget.value)} /></Field>
      <div class="actions"><button class="button main" type="submit">Make a user</button></div>
    </form>
  );
}

function Roles(props: { label?: string; names: string[]; value: string; onPick: (role: string) => void }): JSX.Element {
  return (
    <select aria-label={props.label} onChange={(event) => props.onPick(event.currentTarget.value)}>
      <For each={props.names}>{(each) => <option value={each} selected={each === props.value}>{each.toLowerCase()}</option>}</For>
    </select>
  );
}

function Sessions(): JSX.Element {
  const asked = poll(async () => fromJson<ListSessionsResponse>("ListSessionsResponse", await get("/api/sessions")).sessions, 10_000);
  const end = (id: string): void => void (confirm("End this session?") && attempt("It is over.", () => remove(`/api/sessions/${id}`)).then(asked.reload));
  return (
    <Listing title="Sessions" error={asked.error()} heads={["Who", "Role", "Began", "Renewed", "From", ".Actions"]} rows={asked.data() ?? []} by={(each) => each.id} empty="None.">
      {(each) => (
        <tr>
          <td>{each().principal}</td><td>{roleName(each().role)}</td><td class="num">{moment(each().createTime)}</td><td class="num">{moment(each().refreshTime)}</td><td class="mono">{each().address}</td>
          <td><button class="button danger" onClick={() => end(each().id)}>End</button></td>
        </tr>
      )}
    </Listing>
  );
}

function Audit(): JSX.Element {
  const asked = poll(async () => fromJson<ListAuditResponse>("ListAuditResponse", await get("/api/audit")).entries, 5000);
  return (
    <Listing title="What was done" note="newest first; nobody can delete it" scroll="closed" error={asked.error()} heads={["When", "Who", "What", "About", "Outcome", "From"]} rows={asked.data() ?? []} by={(each) => String(each.id)} empty="Nothing yet.">
      {(each) => (
        <tr>
          <td class="num">{moment(each().time)}</td><td>{each().principal} <span class="dim">{roleName(each().role)}</span></td>
          <td title={each().request}>{each().method.split("/").at(-1)}</td><td class="mono">{each().resource}</td><td>{each().outcome}</td><td class="mono">{each().address}</td>
        </tr>
      )}
    </Listing>
  );
}
