// The processes' log as it is written: for operators, filtered by level and text.

import { createEffect, createSignal, For, onCleanup, Show, type JSX } from "solid-js";
import { may, OPERATOR } from "../link/session";
import { CHANNEL, subscribe } from "../link/socket";
import { LogLevel, type LogLine } from "../wire/messages";
import { clock } from "./format";
import { Card } from "./parts";

const MOST = 400;

export function Log(props: { contains: string }): JSX.Element {
  const [lines, setLines] = createSignal<LogLine[]>([]);
  const [text, setText] = createSignal(props.contains);
  const [level, setLevel] = createSignal(2);
  const [dropped, setDropped] = createSignal(0);
  let box: HTMLPreElement | undefined;
  createEffect(() => setText(props.contains));
  createEffect(() => {
    if (!may(OPERATOR)) return;
    setLines([]);
    const log = { minLevel: level(), contains: text(), lines: 100, isBounded: false };
    const handle = subscribe({ channel: CHANNEL.log, log }, (frame) => {
      if (!frame.log) return;
      setDropped(frame.log.droppedLines);
      const isAtEnd = !box || box.scrollHeight - box.scrollTop - box.clientHeight < 40;
      setLines((all) => [...all, ...frame.log!.lines].slice(-MOST));
      if (isAtEnd && box) box.scrollTop = box.scrollHeight;
    });
    onCleanup(() => handle.close());
  });
  return (
    <Card
      title="Log"
      note={dropped() ? `${dropped()} lines were too many` : `times in ${clock(Date.now(), true).split(" ").at(-1)}`}
      tools={
        <div class="filters">
          <select aria-label="Least level" onChange={(event) => setLevel(Number(event.currentTarget.value))}>
            <For each={[2, 3, 4, 1]}>{(each) => <option value={each} selected={each === level()}>{LogLevel[each]?.toLowerCase()} and above</option>}</For>
          </select>
          <input type="search" aria-label="Lines that hold" placeholder="Lines that hold" value={text()} onChange={(event) => setText(event.currentTarget.value)} />
        </div>
      }
    >
      <Show when={may(OPERATOR)} fallback={<p class="empty">The log is for operators: open the link that `crossbook up` printed, or run `crossbook login`.</p>}>
        <pre class="log" ref={box} tabindex="0" aria-label="Log lines">
          <For each={lines()} fallback="No line yet.">
            {(line) => <div><span class="dim">{clock(line.time)} {line.process}</span> <span class={LEVELS[line.level] ?? ""}>{line.event}</span> {fields(line)}</div>}
          </For>
        </pre>
      </Show>
    </Card>
  );
}

const LEVELS: Record<number, string> = { 3: "warn", 4: "bad" };

function fields(line: LogLine): string {
  return Object.entries(line.fields).map(([key, value]) => `${key}=${value}`).join(" ");
}
