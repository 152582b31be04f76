/** Times and durations: reading, writing and the parts of them. Zones other than UTC are offsets only. */
import { goDurationNs } from "../../../kube/object/goDuration.ts";
import { ExpressionError } from "../syntax/problem.ts";
import type { Moment, Span } from "../syntax/value.ts";

const SECOND = 1_000_000_000n;
const MS = 1_000_000n;

const MONTHS = "January February March April May June July August September October November December".split(" ");
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const SHORT_MONTHS = MONTHS.map((name) => name.slice(0, 3));

export const monthName = (month: bigint): string => MONTHS[Number(month) - 1] ?? `%!Month(${month})`;
export const weekdayName = (day: bigint): string => DAYS[Number(day)] ?? `%!Weekday(${day})`;

/** Milliseconds since the epoch become an instant in UTC; Go's clock is finer, so that later calls give later times. */
export const moment = (ms: number, nth: number): Moment => ({
  kind: "moment",
  ns: BigInt(Math.trunc(ms)) * MS + BigInt(nth),
  offsetSeconds: 0,
  zone: "UTC",
});

/** Rounded down. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** The wall clock of a moment, as a Date whose UTC parts are those that its zone shows. */
export function wallClock({ ns, offsetSeconds }: Moment): Date {
  const date = new Date(Number(floorDiv(ns, MS)) + offsetSeconds * 1_000);
  if (Number.isNaN(date.getTime())) throw new ExpressionError("a time that no calendar reaches");
  return date;
}

export const nanosecond = ({ ns }: Moment): bigint => ns - floorDiv(ns, SECOND) * SECOND;

const two = (value: number): string => String(value).padStart(2, "0");

function offsetText(offsetSeconds: number, separator: string): string {
  const minutes = Math.abs(Math.trunc(offsetSeconds / 60));
  return `${offsetSeconds < 0 ? "-" : "+"}${two(Math.trunc(minutes / 60))}${separator}${two(minutes % 60)}`;
}

const fraction = (time: Moment): string => {
  const digits = String(nanosecond(time)).padStart(9, "0").replace(/0+$/, "");
  return digits === "" ? "" : `.${digits}`;
};

/** `2006-01-02 15:04:05.999 +0000 UTC` */
export function clockText(time: Moment): string {
  const [date = "", clock = ""] = wallClock(time).toISOString().split("T");
  const offset = offsetText(time.offsetSeconds, "");
  return `${date} ${clock.slice(0, 8)}${fraction(time)} ${offset} ${time.zone === "" ? offset : time.zone}`;
}

/** RFC 3339 */
export function timestampText(time: Moment): string {
  const clock = wallClock(time).toISOString().slice(0, 19);
  return `${clock}${fraction(time)}${time.offsetSeconds === 0 ? "Z" : offsetText(time.offsetSeconds, ":")}`;
}

/** `1h30m0s`, `1.5s`, `20ms` */
export function durationText(ns: bigint): string {
  if (ns === 0n) return "0s";
  const sign = ns < 0n ? "-" : "";
  const size = ns < 0n ? -ns : ns;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < MS) return `${sign}${decimal(size, 1_000n)}µs`;
  if (size < SECOND) return `${sign}${decimal(size, MS)}ms`;
  const minutes = size / (60n * SECOND);
  const seconds = `${decimal(size % (60n * SECOND), SECOND)}s`;
  const [hours, rest] = [minutes / 60n, minutes % 60n];
  return `${sign}${hours > 0n ? `${hours}h` : ""}${minutes > 0n ? `${rest}m` : ""}${seconds}`;
}

function decimal(size: bigint, unit: bigint): string {
  const rest = String(size % unit)
    .padStart(String(unit).length - 1, "0")
    .replace(/0+$/, "");
  return rest === "" ? `${size / unit}` : `${size / unit}.${rest}`;
}

const MAX_DURATION = 2n ** 63n - 1n;
const MAX_LENGTH = 200;

/** `1h30m`, `1.5s`. Throws ExpressionError. */
export function duration(text: string): Span {
  const ns = text.length > MAX_LENGTH ? undefined : goDurationNs(text);
  if (ns === undefined) throw new ExpressionError(`not a duration such as "1h30m": ${text.slice(0, MAX_LENGTH)}`);
  if (ns > MAX_DURATION || -ns > MAX_DURATION) throw new ExpressionError(`too long a duration: ${text}`);
  return { kind: "span", ns };
}

const MONTH = `(${SHORT_MONTHS.join("|")})`;
const CLOCK = String.raw`(\d{2}):(\d{2})`;
/** The layouts that date() tries, each with the meaning of its groups. */
const LAYOUTS: readonly (readonly [pattern: RegExp, parts: string])[] = [
  [/^(\d{4})-(\d{2})-(\d{2})$/, "y o d"],
  [/^(\d{1,2}):(\d{2}):(\d{2})([.,]\d+)?$/, "h m s f"],
  [/^(\d{4})-(\d{2})-(\d{2}) (\d{1,2}):(\d{2}):(\d{2})([.,]\d+)?$/, "y o d h m s f"],
  [/^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/, "y o d h m s f z"],
  [new RegExp(`^(\\d{2}) ${MONTH} (\\d{2}) ${CLOCK} (UTC|GMT)$`), "d b t h m n"],
  [
    new RegExp(`^(?:${DAYS.join("|")}), (\\d{2})-${MONTH}-(\\d{2}) ${CLOCK}:(\\d{2})([.,]\\d+)? (UTC|GMT)$`),
    "d b t h m s f n",
  ],
  [
    new RegExp(
      `^(?:${DAYS.map((day) => day.slice(0, 3)).join("|")}), (\\d{2}) ${MONTH} (\\d{4}) ${CLOCK}:(\\d{2})([.,]\\d+)? (UTC|GMT)$`,
    ),
    "d b y h m s f n",
  ],
];

/** A date in one of the usual forms. Throws ExpressionError for others. */
export function date(text: string): Moment {
  for (const [pattern, names] of LAYOUTS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const parts = new Map(names.split(" ").map((name, index) => [name, match[index + 1] ?? ""]));
    const time = fromParts(parts);
    if (time !== undefined) return time;
  }
  throw new ExpressionError(`not a date such as "2006-01-02" or "2006-01-02T15:04:05Z": ${text.slice(0, MAX_LENGTH)}`);
}

/** Undefined for a day or an hour that does not exist. */
function fromParts(parts: ReadonlyMap<string, string>): Moment | undefined {
  const number = (name: string): number => Number(parts.get(name) ?? "0");
  const short = parts.get("t");
  const year = short === undefined ? number("y") : Number(short) + (Number(short) >= 69 ? 1_900 : 2_000);
  const named = parts.get("b");
  const month = named === undefined ? (parts.has("o") ? number("o") : 1) : SHORT_MONTHS.indexOf(named) + 1;
  const day = parts.has("d") ? number("d") : 1;
  const [hour, minute, second] = [number("h"), number("m"), number("s")];
  const wall = new Date(0);
  wall.setUTCFullYear(year, month - 1, day);
  if (wall.getUTCMonth() !== month - 1 || wall.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
    return undefined;
  wall.setUTCHours(hour, minute, second);
  const zone = parts.get("z") ?? "Z";
  const offsetSeconds = zone === "Z" ? 0 : offsetOf(zone);
  if (offsetSeconds === undefined) return undefined;
  const nanoseconds = BigInt((parts.get("f") ?? "").slice(1, 10).padEnd(9, "0"));
  const ns = (BigInt(wall.getTime() / 1_000) - BigInt(offsetSeconds)) * SECOND + nanoseconds;
  return { kind: "moment", ns, offsetSeconds, zone: offsetSeconds === 0 ? (parts.get("n") ?? "UTC") : "" };
}

function offsetOf(zone: string): number | undefined {
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 24 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 3_600 + minutes * 60);
}
