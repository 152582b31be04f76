import { fitsGo, goDurationNs } from "./goDuration.ts";

const MAX_INT32 = 2_147_483_647;

/**
 * Seconds of a step's `pause.duration`: a number, a string of digits, or a Go duration cut to whole seconds; −1 when it
 * is none of them (docs/behaviour/objects.md#durations-of-pauses). Zero when it is absent.
 */
export function pauseSeconds(duration: unknown): number {
  if (duration === undefined || duration === null) return 0;
  if (typeof duration === "number") return Math.trunc(duration);
  if (typeof duration !== "string") return -1;
  if (/^[+-]?\d+$/.test(duration) && Math.abs(Number(duration)) <= MAX_INT32) return Number(duration);
  const ns = goDurationNs(duration);
  if (ns === undefined) return -1;
  const whole = Number(ns / 1_000_000_000n);
  if (Math.abs(whole) <= MAX_INT32) return whole;
  // More than 68 years overflow the reference's 32-bit seconds, with this result.
  return fitsGo(ns) ? -MAX_INT32 - 1 : -1;
}
