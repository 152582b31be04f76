/** How something stands, in a word, a colour and a shape: none of them is needed to understand the others. */
import { Icon, type IconName } from "./icons.tsx";

type Tone = "good" | "moving" | "paused" | "bad" | "unsure";

const TONES: Readonly<Record<string, Tone>> = {
  Healthy: "good",
  Successful: "good",
  Running: "moving",
  Progressing: "moving",
  Pending: "moving",
  Paused: "paused",
  Inconclusive: "paused",
  Degraded: "bad",
  Failed: "bad",
  Error: "bad",
  InvalidSpec: "bad",
};

const ICONS: Readonly<Record<Tone, IconName>> = {
  good: "check",
  moving: "moving",
  paused: "pause",
  bad: "cross",
  unsure: "unknown",
};

export const toneOf = (phase: string): Tone => TONES[phase] ?? "unsure";

export function Phase({ phase, big = false }: { readonly phase: string; readonly big?: boolean }) {
  const tone = toneOf(phase);
  return (
    <span class={`phase ${tone}${big ? " big" : ""}`}>
      <Icon name={ICONS[tone]} />
      {phase === "" ? "Unknown" : phase}
    </span>
  );
}
