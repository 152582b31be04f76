/** An explanation as people read it. */
import type { Explanation } from "../../controller/rollout/explain/explain.ts";
import { asCalled } from "../parsed.ts";

type Line = readonly [about: string, text: string];

function linesOf({ facts, goesOnWhen, commands }: Explanation): readonly Line[] {
  const width = Math.max(0, ...commands.map(({ command }) => command.length));
  return [
    ...facts.map(({ about, text }): Line => [about, text]),
    ...goesOnWhen.map((text): Line => ["goes on when", text]),
    ...commands.map(({ command, does }): Line => ["command", `${command.padEnd(width)}  # ${does}`]),
  ];
}

/** Messages of pods, metrics and routers are anybody's texts. */
const harmless = (line: string): string => line.replaceAll(/\s/g, " ").replaceAll(/\p{Cc}/gu, "?");

/** The sentence, and the facts below it; a name that the line above has is left out. */
export function explanationText(explanation: Explanation, program: string): string {
  const lines = linesOf(explanation);
  const width = Math.max(0, ...lines.map(([about]) => about.length));
  const shown = lines.map(([about, text], index) => {
    const label = lines[index - 1]?.[0] === about ? "" : about;
    return `  ${label.padEnd(width)}  ${asCalled(text, program)}`;
  });
  return [explanation.sentence, "", ...shown, ""].map(harmless).join("\n");
}
