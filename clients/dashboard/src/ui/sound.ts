// A tone or a voice for an alert: never more than one a second, none in quiet hours, none while muted.

import { settings } from "./settings";

let context: AudioContext | undefined;
let last = 0;
/** How many tones were made, for whoever has to show that there was one. */
export const made = { tones: 0, words: 0 };

export function sound(words: string): void {
  const now = Date.now();
  if (settings.sound() === "off" || now - last < 1000 || isQuiet(new Date(now).getHours())) return;
  last = now;
  if (settings.sound() === "voice" && "speechSynthesis" in window) {
    made.words++;
    speechSynthesis.speak(new SpeechSynthesisUtterance(words));
  } else tone();
}

/** Switched on, it is heard once: a browser lets a page sound only after its user has done something in it. */
export function setSound(value: "off" | "tone" | "voice"): void {
  settings.sound.set(value);
  sound("The sound is on.");
}

export function isQuiet(hour: number): boolean {
  return settings.quiet() === "22-07" && (hour >= 22 || hour < 7);
}

function tone(): void {
  context ??= new AudioContext();
  void context.resume();
  const at = context.currentTime;
  const gain = context.createGain();
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(0.2, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
  gain.connect(context.destination);
  for (const [hertz, after] of [[880, 0], [1320, 0.12]] as const) {
    const oscillator = context.createOscillator();
    oscillator.frequency.value = hertz;
    oscillator.connect(gain);
    oscillator.start(at + after);
    oscillator.stop(at + 0.5);
  }
  made.tones++;
}

/** A notice of the desktop, asked for once, when it is switched on. */
export async function askForNotices(): Promise<boolean> {
  return "Notification" in window && (await Notification.requestPermission()) === "granted";
}

export function notice(title: string, body: string): void {
  if (settings.notices() !== "on" || !("Notification" in window) || Notification.permission !== "granted") return;
  new Notification(title, { body, tag: "crossbook", silent: true });
}
