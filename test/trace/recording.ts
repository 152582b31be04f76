/**
 * A trace as text, one line for each fact: `# scenario`, `## keyframe`, then what has changed since the keyframe
 * before, as
 * `path = value`, and `- path` for facts that are gone. Reads as a story, and stays small.
 */
import type { Facts } from "./facts.ts";
import type { Keyframe, Trace } from "./play.ts";

function changes(before: Facts, after: Facts): string[] {
  const gone = [...before.keys()].filter((path) => !after.has(path)).map((path) => `- ${path}`);
  const news = [...after].filter(([path, value]) => before.get(path) !== value);
  return [...news.map(([path, value]) => `${path} = ${value}`), ...gone];
}

const scenarioText = (name: string, frames: readonly Keyframe[]): string => {
  const parts = frames.map(({ title, facts }, index) =>
    [`## ${title}`, ...changes(frames[index - 1]?.facts ?? new Map(), facts)].join("\n"),
  );
  return `# ${name}\n${parts.join("\n")}\n`;
};

export const recordingOf = (trace: Trace): string =>
  [...trace]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, frames]) => scenarioText(name, frames))
    .join("\n");

/** @throws on a text that is not a recording. */
export function traceOf(recording: string): Trace {
  const trace = new Map<string, Keyframe[]>();
  let frames: Keyframe[] = [];
  let facts = new Map<string, string>();
  for (const line of recording.split("\n")) {
    const [, path = "", value = ""] = /^(.*?) = (.*)$/.exec(line) ?? [];
    if (line === "") continue;
    else if (line.startsWith("# ")) {
      frames = [];
      facts = new Map();
      trace.set(line.slice(2), frames);
    } else if (line.startsWith("## ")) {
      facts = new Map(facts);
      frames.push({ title: line.slice(3), facts });
    } else if (line.startsWith("- ")) facts.delete(line.slice(2));
    else if (path === "") throw new Error(`Cannot read a recording: "${line}" is no fact`);
    else facts.set(path, value);
  }
  return trace;
}
