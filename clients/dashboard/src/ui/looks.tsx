// Theme, palette, zone, sound: a sheet behind one button.

import { createSignal, For, onCleanup, onMount, Show, type JSX } from "solid-js";
import { Icon } from "./icons";
import { Field } from "./parts";
import { settings, type Setting } from "./settings";
import { askForNotices, setSound } from "./sound";

export function Looks(): JSX.Element {
  const [isOpen, setOpen] = createSignal(false);
  let menu!: HTMLDivElement;
  const away = (event: Event): void => {
    if (event instanceof KeyboardEvent ? event.key === "Escape" : !menu.contains(event.target as Node)) setOpen(false);
  };
  onMount(() => {
    addEventListener("pointerdown", away);
    addEventListener("keydown", away);
    onCleanup(() => (removeEventListener("pointerdown", away), removeEventListener("keydown", away)));
  });
  const notices = async (value: string): Promise<void> => {
    if (value === "off" || (await askForNotices())) settings.notices.set(value as "on" | "off");
  };
  return (
    <div class="menu" ref={menu}>
      <button class="icon" aria-label="Looks and sounds" title="Looks and sounds" aria-expanded={isOpen()} onClick={() => setOpen(!isOpen())}>
        <Icon name="looks" />
      </button>
      <Show when={isOpen()}>
        <div class="sheet">
          <Choice label="Theme" setting={settings.theme} names={{ system: "as the system", dark: "dark", light: "light" }} />
          <Choice label="Up and down" setting={settings.palette} names={{ classic: "green and red", swapped: "red and green", "blue-orange": "blue and orange" }} />
          <Choice label="Times" setting={settings.zone} names={{ utc: "UTC", local: "this computer's zone" }} />
          <Choice label="Sound of an alert" setting={settings.sound} names={{ off: "none", tone: "a tone", voice: "a voice" }} onChange={(value) => setSound(value as "off" | "tone" | "voice")} />
          <Choice label="Quiet hours" setting={settings.quiet} names={{ never: "never", "22-07": "22:00 to 07:00" }} />
          <Choice label="Desktop notices" setting={settings.notices} names={{ off: "off", on: "on" }} onChange={notices} />
        </div>
      </Show>
    </div>
  );
}

function Choice<T extends string>(props: {
  label: string;
  setting: Setting<T>;
  names: Record<T, string>;
  onChange?: (value: string) => void;
}): JSX.Element {
  return (
    <Field label={props.label}>
      <select value={props.setting()} onChange={(event) => (props.onChange ?? ((v: string) => props.setting.set(v as T)))(event.currentTarget.value)}>
        <For each={Object.entries(props.names) as [T, string][]}>{([value, name]) => <option value={value}>{name}</option>}</For>
      </select>
    </Field>
  );
}
