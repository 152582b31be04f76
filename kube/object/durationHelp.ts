/** Help for somebody whose duration cannot be read. */
import { goDurationNs } from "./goDuration.ts";
import { goQuoted } from "./goQuoted.ts";

/** What people call a unit, what a duration calls it, and how many of those it is. */
const UNITS: readonly (readonly [said: RegExp, unit: string, each: number])[] = [
  [/^(?:ms|msecs?|millis?|milliseconds?)$/, "ms", 1],
  [/^(?:s|secs?|seconds?)$/, "s", 1],
  [/^(?:m|mins?|minutes?)$/, "m", 1],
  [/^(?:h|hrs?|hours?)$/, "h", 1],
  [/^(?:d|days?)$/, "h", 24],
  [/^(?:w|wks?|weeks?)$/, "h", 24 * 7],
];

/**
 * `"1d" is not a duration: write 24h. Allowed is …`
 * @param bare whether a number without a unit counts as seconds there
 */
export function durationHelp(given: unknown, bare: "seconds" | "none"): string {
  const seconds = bare === "seconds" ? ", or whole seconds, such as 30" : "";
  const allowed = `Allowed is a number with the unit s, m or h, such as "30s", "10m" or "1h30m"${seconds}`;
  const shown = typeof given === "string" ? goQuoted(given.slice(0, 80)) : JSON.stringify(given);
  const meant = typeof given === "string" ? (durationMeant(given) ?? inSeconds(given, bare)) : undefined;
  return `${shown} ${problemOf(given, bare)}${meant === undefined || meant === given ? "" : `: write "${meant}"`}. ${allowed}`;
}

/** Digits alone are mostly meant as seconds. */
const inSeconds = (given: string, bare: "seconds" | "none"): string | undefined =>
  bare === "none" && /^\d{1,6}$/.test(given) ? `${given}s` : undefined;

function problemOf(given: unknown, bare: "seconds" | "none"): string {
  if (typeof given === "number" || (typeof given === "string" && /^[+-]?\d+$/.test(given))) {
    if (Number(given) < 0) return "is negative";
    return bare === "none" ? "has no unit" : "is too long";
  }
  const ns = typeof given === "string" ? goDurationNs(given) : undefined;
  if (ns === undefined) return "is not a duration";
  return ns < 0n ? "is negative" : "is too long";
}

/** The duration that a text like `1d`, `10 minutes` or `1H 30M` means; undefined when that is anybody's guess. */
export function durationMeant(given: string): string | undefined {
  const said = given.trim().toLowerCase();
  if (said.length > 40 || !/^(?:\d+(?:\.\d+)?\s*[a-z]+[\s,]*)+$/.test(said)) return undefined;
  let meant = "";
  for (const [, number = "", name = ""] of said.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const [, unit, each] = UNITS.find(([pattern]) => pattern.test(name)) ?? [];
    if (unit === undefined || each === undefined) return undefined;
    meant += `${each === 1 ? number : Number(number) * each}${unit}`;
  }
  return goDurationNs(meant) === undefined ? undefined : meant;
}
