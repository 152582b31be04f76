import { goQuoted } from "./goQuoted.ts";

const SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};
const DURATION = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
/** Longer texts are nobody's durations. */
const MAX_LENGTH = 1_000;
const MAX_INT32 = 2_147_483_647;

/** Just above Go's widest duration, 2^63 − 1 ns. */
const MAX_SECONDS = 9_223_372_036.854_776;

/**
 * Seconds of a step's `pause.duration`: a number, a string of digits, or a Go duration cut to whole seconds; −1 when it
 * is none of them (docs/behaviour/objects.md#durations-of-pauses). Zero when it is absent.
 */
export function pauseSeconds(duration: unknown): number {
  if (duration === undefined || duration === null) return 0;
  if (typeof duration === "number") return Math.trunc(duration);
  if (typeof duration !== "string") return -1;
  if (/^[+-]?\d+$/.test(duration) && Math.abs(Number(duration)) <= MAX_INT32) return Number(duration);
  if (duration.length > MAX_LENGTH || !DURATION.test(duration)) return -1;
  const seconds = secondsOf(duration);
  const whole = Math.trunc(seconds + 1e-9) * (duration.startsWith("-") ? -1 : 1);
  return Math.abs(whole) > MAX_INT32 ? overflow(seconds) : whole;
}

/** Without its sign. */
function secondsOf(duration: string): number {
  const parts = [...duration.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)];
  return parts.reduce((sum, [, amount = "0", unit = "s"]) => sum + Number(amount) * (SECONDS[unit] ?? 0), 0);
}

/** Why a text is no Go duration ("10s", "1h30m"; digits alone are none, except 0), as Go says it. */
export function goDurationProblem(duration: string): string | undefined {
  if (duration.length > MAX_LENGTH) return "time: invalid duration";
  if (DURATION.test(duration)) {
    return secondsOf(duration) > MAX_SECONDS ? `time: invalid duration ${goQuoted(duration)}` : undefined;
  }
  // The first part that is not a number with a known unit.
  const [, rest = ""] =
    /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?=[\d.]|$))*(.*)$/s.exec(duration) ?? [];
  const [, unit] = /^(?:\d+(?:\.\d*)?|\.\d+)([^\d.]*)/.exec(rest) ?? [];
  if (unit === undefined) return `time: invalid duration ${goQuoted(duration)}`;
  if (unit === "") return `time: missing unit in duration ${goQuoted(duration)}`;
  return `time: unknown unit ${goQuoted(unit)} in duration ${goQuoted(duration)}`;
}

/** What the reference's 32-bit seconds make of more than 68 years. */
const overflow = (seconds: number): number => (seconds > MAX_SECONDS ? -1 : -MAX_INT32 - 1);
