/** Sentences of the controller, as they are read beside what they are about. */
import { clockTime } from "./clockTime.ts";

const MOMENT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) \((in [^)]+|[^)]+ ago)\)/g;

const DAY_MS = 86_400_000;

/** By the clock of whoever reads it; what was said of how long it takes is old by then. */
const atClock = (at: string, now: number): string =>
  Math.abs(Date.parse(at) - now) < DAY_MS / 2 ? clockTime(at) : new Date(at).toLocaleString();

/** @param now ms since the epoch */
export const withClock = (sentence: string, now: number): string =>
  sentence.replace(MOMENT, (_, at: string) => atClock(at, now));

/** Without the name, where it stands there already: `waits at step 4/6 …`. */
export function clauseOf(sentence: string, name: string, now: number): string {
  const said = `Rollout "${name}" `;
  const clause = sentence.startsWith(said) ? sentence.slice(said.length) : sentence;
  return withClock(clause, now);
}
