/** Durations as Go writes them: "1h30m", "1.5s", "300ms", "0". */
import { goQuoted } from "./goQuoted.ts";

const GRAMMAR = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
/** No real duration is longer. */
const MAX_LENGTH = 1_000;

const SECOND = 1_000_000_000n;
const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
};

/** In ns, each part cut to whole ones as in Go, and of any size; undefined when it is not a duration. */
export function goDurationNs(text: string): bigint | undefined {
  if (text.length > MAX_LENGTH || !GRAMMAR.test(text)) return undefined;
  let ns = 0n;
  for (const [, whole = "", rest = "", unit = ""] of text.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = unitNs[unit] ?? 0n;
    ns += BigInt(whole || "0") * scale + (rest === "" ? 0n : (BigInt(rest) * scale) / 10n ** BigInt(rest.length));
  }
  return text.startsWith("-") ? -ns : ns;
}

/** In ms, with a fraction; undefined when it is not a duration. */
export function goDurationMs(text: string): number | undefined {
  const ns = goDurationNs(text);
  return ns === undefined ? undefined : Number(ns) / 1e6;
}

/** Whether Go can hold it: some 292 years. */
export const fitsGo = (ns: bigint): boolean => BigInt.asIntN(64, ns) === ns;

/** Why a text is not a Go duration (digits alone are not, except 0), in Go's words. */
export function goDurationProblem(duration: string): string | undefined {
  if (duration.length > MAX_LENGTH) return "time: invalid duration";
  const ns = goDurationNs(duration);
  if (ns !== undefined) return fitsGo(ns) ? undefined : `time: invalid duration ${goQuoted(duration)}`;
  // The first part that is not a number with a known unit.
  const [, rest = ""] =
    /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?=[\d.]|$))*(.*)$/s.exec(duration) ?? [];
  const [, unit] = /^(?:\d+(?:\.\d*)?|\.\d+)([^\d.]*)/.exec(rest) ?? [];
  if (unit === undefined) return `time: invalid duration ${goQuoted(duration)}`;
  if (unit === "") return `time: missing unit in duration ${goQuoted(duration)}`;
  return `time: unknown unit ${goQuoted(unit)} in duration ${goQuoted(duration)}`;
}
