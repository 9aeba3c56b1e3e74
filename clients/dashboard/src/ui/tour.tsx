// The first minute: what is this, what can be done. Shown until it is put away.

import { Show, type JSX } from "solid-js";
import { may, OPERATOR } from "../link/session";
import { welcome } from "../link/socket";
import { settings } from "./settings";

export function Tour(): JSX.Element {
  return (
    <Show when={settings.tour() === "new"}>
      <section class="tour" aria-label="First steps">
        <h2>What you are looking at</h2>
        <p>
          Crossbook reads the order books of several exchanges at once and compares every asset between every two of them.
          <Show when={welcome()?.isSimulated}> Now the exchanges are simulated: the machinery is real, the prices are not.</Show>
        </p>
        <ol>
          <li><a href="#/opportunities">Opportunities</a> pay after every fee. Open one: its costs, both books, how long it has lived.</li>
          <li><a href="#/prices">Prices</a> has every instrument. One without a price says why in a word: resyncing, stale, closed.</li>
          <li>Ask why a pair is <em>not</em> shown: press <kbd>/</kbd> and type <code>explain BTC binance okx</code>, with your venues.</li>
          <li><a href="#/alerts">Alerts</a> tell a person or a program; <kbd>m</kbd> turns the sound on.</li>
        </ol>
        <p class="dim">
          {may(OPERATOR)
            ? "You may start and stop venues, write rules and decide identities."
            : "You may look at everything here. To change something, open the link that `crossbook up` printed, or run `crossbook login`."}
        </p>
        <div class="actions"><button class="button main" onClick={() => settings.tour.set("seen")}>Understood</button><span class="dim small"><kbd>?</kbd> shows all keys</span></div>
      </section>
    </Show>
  );
}
