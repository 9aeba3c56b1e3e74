// The frame: rail, top, banners, and the page that the link names. What is stale is greyed here, for every page at once.

import { createEffect, createMemo, createSignal, For, onCleanup, onMount, Show, Suspense, type JSX } from "solid-js";
import { Dynamic } from "solid-js/web";
import { open, version } from "../data/opportunities";
import { markRead, unread } from "../data/alerts";
import { summary } from "../data/system";
import { isShutOut, me } from "../link/session";
import { heard, lostShards, serverNow, state, welcome } from "../link/socket";
import { Command } from "./command";
import { clock, duration } from "./format";
import { Help } from "./help";
import { Icon } from "./icons";
import { listenForKeys } from "./keys";
import { Looks } from "./looks";
import { ON_TABS, PAGES } from "./pages";
import { seconds } from "./parts";
import { lastLink, route } from "./route";
import { settings } from "./settings";
import { setSound } from "./sound";
import { Toasts } from "./toasts";

const WORDS = { live: "live", silent: "silent", dialling: "connecting", down: "not connected" } as const;

export function Shell(): JSX.Element {
  const [help, setHelp] = createSignal(false);
  const [more, setMore] = createSignal(false);
  const page = createMemo(() => PAGES.find((each) => each.name === route().page) ?? PAGES[0]!);
  const isSimulated = (): boolean => welcome()?.isSimulated ?? summary()?.isSimulated ?? false;
  const isOld = (): boolean => state() !== "live";
  createEffect(() => {
    document.title = `${isSimulated() ? "SIMULATION · " : ""}${page().title} · Crossbook`;
    setMore(false);
  });
  createEffect(() => page().name === "alerts" && unread() > 0 && markRead());
  onMount(() => onCleanup(listenForKeys({ help: () => setHelp(true) })));

  return (
    <div class="shell">
      <section class="banners" aria-label="What has to be known">
        <Show when={isSimulated()}>
          <div class="banner simulated" role="note">SIMULATION — every price here is made up; nothing can be traded on it</div>
        </Show>
        <Show when={isOld()}><Lost /></Show>
        <Show when={!isOld() && lostShards().length > 0}>
          <div class="banner lost" role="alert">Aggregator {lostShards().join(", ")} is lost: its instruments have no price until it is back</div>
        </Show>
      </section>
      <nav class="rail" aria-label="Pages">
        <a class="brand" href="#/overview"><Logo /><span>Crossbook</span></a>
        <For each={PAGES}>{(each) => <To page={each.name} title={each.title} isHere={each.name === page().name} />}</For>
        <div class="foot"><span>{me().principal || "nobody"}</span><span>Press <kbd>?</kbd> for keys</span></div>
      </nav>
      <header class="top">
        <Command />
        <span class="gap" />
        <LinkChip />
        <Clock />
        <Mute />
        <Looks />
        <button class="icon help" aria-label="Keys and help" title="Keys and help (?)" onClick={() => setHelp(true)}><Icon name="help" /></button>
      </header>
      <main class="page" classList={{ "is-old": isOld() }} id="page" tabindex="-1">
        <Suspense fallback={<p class="dim">Loading …</p>}><Dynamic component={page().view} /></Suspense>
      </main>
      <nav class="tabs" aria-label="Pages, short">
        <For each={PAGES.filter((each) => ON_TABS.includes(each.name))}>
          {(each) => (
            <a href={lastLink(each.name)} aria-current={each.name === page().name ? "page" : undefined}>
              <Icon name={each.name} />{each.name === "opportunities" ? "Arbitrage" : each.title}
            </a>
          )}
        </For>
        <button onClick={() => setMore(!more())} aria-expanded={more()}><Icon name="menu" />More</button>
      </nav>
      <Show when={more()}>
        <dialog open aria-label="More pages">
          <For each={PAGES.filter((each) => !ON_TABS.includes(each.name))}>
            {(each) => <p><a class="button bare" href={lastLink(each.name)} onClick={() => setMore(false)}>{each.title}</a></p>}
          </For>
          <button class="button" onClick={() => setMore(false)}>Close</button>
        </dialog>
      </Show>
      <Help isOpen={help()} onClose={() => setHelp(false)} />
      <Toasts />
    </div>
  );
}

function To(props: { page: string; title: string; isHere: boolean }): JSX.Element {
  const count = (): number | undefined =>
    props.page === "opportunities" ? (version(), open.size) : props.page === "alerts" ? unread() || undefined : undefined;
  return (
    <a class="to" href={props.isHere ? undefined : lastLink(props.page)} aria-current={props.isHere ? "page" : undefined} title={props.title}>
      <Icon name={props.page} /><span>{props.title}</span>
      <Show when={count() !== undefined}><span class="count">{count()}</span></Show>
    </a>
  );
}

function Lost(): JSX.Element {
  const now = seconds(500);
  return (
    <div class="banner lost" role="alert">
      <Show when={isShutOut()}>This gateway shows nothing to strangers: <a href="#/accounts">log in</a>.</Show>
      <Show when={navigator.onLine} fallback="Offline.">
        {state() === "dialling" ? "Connecting …" : state() === "silent" ? "The gateway has gone silent." : "Not connected to the gateway; dialling again."}
      </Show>
      <Show when={heard() > 0}> What you see is {duration((now(), serverNow()) - heard())} old, as of {clock(heard(), true)}.</Show>
    </div>
  );
}

function LinkChip(): JSX.Element {
  return (
    <span class={`chip is-${state()}`} title={heard() ? `As of ${clock(heard(), true)}` : "Nothing heard yet"}>
      <i class="dot" />{WORDS[state()]}<span class="long dim">{heard() ? `as of ${clock(heard())}` : ""}</span>
    </span>
  );
}

function Clock(): JSX.Element {
  const now = seconds();
  const flip = (): void => settings.zone.set(settings.zone() === "utc" ? "local" : "utc");
  return (
    <button class="chip clock" onClick={flip} title="Switch between UTC and this computer's zone">
      <span class="num">{(now(), heard(), clock(serverNow(), true))}</span>
    </button>
  );
}

function Mute(): JSX.Element {
  const isOn = (): boolean => settings.sound() !== "off";
  const flip = (): void => setSound(isOn() ? "off" : "tone");
  return (
    <button class="icon" aria-pressed={isOn()} aria-label={isOn() ? "Mute alerts" : "Sound for alerts"} title={isOn() ? "Mute alerts (m)" : "Sound for alerts (m)"} onClick={flip}>
      <Icon name={isOn() ? "sound" : "mute"} />
    </button>
  );
}

function Logo(): JSX.Element {
  return (
    <svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
      <path d="M3 5h11v3H3zM3 10.5h7v3H3zM3 16h4v3H3zM21 5v3h-4l0-3zM21 10.5v3h-8v-3zM21 16v3H10v-3z" />
    </svg>
  );
}
