/** Go's time.Time and time.Duration: instants with a time zone, and how they print. */
import { spend } from "../../../kube/object/budget.ts";
import { Int, Thing, type Value } from "./values.ts";

/** `utc` and a fixed offset know theirs; of a name (`Europe/Berlin`) it is looked up for each instant. */
export type Zone = "UTC" | { readonly offset: number } | { readonly name: string };

export interface Moment {
  /** Since 1970. */
  readonly ns: bigint;
  readonly zone: Zone;
}

export const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
/** 0001-01-01, where Go's time begins. */
export const ZERO_NS = -62_135_596_800n * SECOND;
export const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);
export const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

export const floorDiv = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b;

export const time = (moment: Moment): Thing<Moment> =>
  new Thing("time.Time", moment, () => format(moment, "2006-01-02 15:04:05.999999999 -0700 MST"));
export const duration = (ns: bigint): Int => new Int(ns, "time.Duration");
export const momentOf = (value: Value): Moment | undefined =>
  value instanceof Thing && value.type === "time.Time" ? (value.data as Moment) : undefined;

/** The zone of this process. */
export function local(): Zone {
  if (here === undefined) {
    const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
    here = /^(?:Etc\/)?UTC$/.test(name) ? "UTC" : { name };
  }
  return here;
}
let here: Zone | undefined;

/** As Go's LoadLocation takes it; UTC for a name that nobody knows. */
export function zoneNamed(name: string): Zone {
  if (name === "Local") return local();
  if (name === "" || name === "UTC") return "UTC";
  try {
    formatterOf(name, "en-US", "longOffset");
    return /^[+-]/.test(name) ? "UTC" : { name };
  } catch {
    return "UTC";
  }
}

type Style = "short" | "longOffset";
/** In steps of the budget: what making a formatter takes, and using it. */
const MAKING = 40_000;
const FORMATTING = 200;
const MAX_FORMATTERS = 40;
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string, locale: string, timeZoneName: Style): Intl.DateTimeFormat {
  const key = `${timeZone} ${locale} ${timeZoneName}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    spend(MAKING, "looking up time zones");
    formatter = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName });
    if (formatters.size >= MAX_FORMATTERS) formatters.clear();
    formatters.set(key, formatter);
  }
  return formatter;
}

/** Seconds east of Greenwich, and what people call the zone then ("" when nobody does). */
export function zoneAt(ns: bigint, zone: Zone): { readonly offset: number; readonly short: string } {
  if (zone === "UTC") return { offset: 0, short: "UTC" };
  if ("offset" in zone) return { offset: zone.offset, short: "" };
  const ms = Number(floorDiv(ns, 1_000_000n));
  const part = (locale: string, timeZoneName: Style): string => {
    spend(FORMATTING, "looking up time zones");
    const parts = formatterOf(zone.name, locale, timeZoneName).formatToParts(ms);
    return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  };
  const [, sign, hours = "0", minutes = "0", seconds = "0"] =
    /GMT([+-])(\d+):(\d+)(?::(\d+))?/.exec(part("en-US", "longOffset")) ?? [];
  const size = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  const offset = sign === "-" ? -size : size;
  for (const locale of ["en-US", "en-GB", "en-AU", "en-IN", "en-ZA"]) {
    const short = part(locale, "short");
    if (/^[A-Z]{2,5}$/.test(short)) return { offset, short };
  }
  return { offset, short: offsetText(offset, "", false).replace(/00$/, "") };
}

/** The wall clock there, as a date in UTC. */
export const wallClock = ({ ns, zone }: Moment): Date =>
  new Date(Number(floorDiv(ns, SECOND) + BigInt(zoneAt(ns, zone).offset)) * 1_000);

export const nanosecond = ({ ns }: Moment): number => Number(ns - floorDiv(ns, SECOND) * SECOND);

export function yearDay(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start.getTime()) / 86_400_000) + 1;
}

function offsetText(offset: number, colon: string, seconds: boolean): string {
  const size = Math.abs(offset);
  const parts = [size / 3_600, (size / 60) % 60, ...(seconds ? [size % 60] : [])];
  return (offset < 0 ? "-" : "+") + parts.map((part) => two(Math.trunc(part))).join(colon);
}

const two = (n: number): string => String(n).padStart(2, "0");

/** What Go replaces in a layout. */
export const CHUNKS =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|__2|_2(?!006)|2|[345]|PM|pm|[-Z]07(?:0000|:00:00|00|:00)?|[.,](?:0+|9+)(?!\d)/g;

export function format(moment: Moment, layout: string): string {
  const date = wallClock(moment);
  const zone = zoneAt(moment.ns, moment.zone);
  return layout.replaceAll(CHUNKS, (chunk) => part(chunk, date, moment, zone));
}

function part(chunk: string, date: Date, moment: Moment, { offset, short }: ReturnType<typeof zoneAt>): string {
  const hour = date.getUTCHours();
  const year = date.getUTCFullYear();
  switch (chunk) {
    case "January":
    case "Jan":
      return (MONTHS[date.getUTCMonth()] ?? "").slice(0, chunk === "Jan" ? 3 : undefined);
    case "Monday":
    case "Mon":
      return (DAYS[date.getUTCDay()] ?? "").slice(0, chunk === "Mon" ? 3 : undefined);
    case "MST":
      return short || offsetText(offset, "", false);
    case "002":
      return String(yearDay(date)).padStart(3, "0");
    case "__2":
      return String(yearDay(date)).padStart(3);
    case "01":
      return two(date.getUTCMonth() + 1);
    case "1":
      return String(date.getUTCMonth() + 1);
    case "02":
      return two(date.getUTCDate());
    case "_2":
      return String(date.getUTCDate()).padStart(2);
    case "2":
      return String(date.getUTCDate());
    case "15":
      return two(hour);
    case "03":
      return two(hour % 12 || 12);
    case "3":
      return String(hour % 12 || 12);
    case "04":
      return two(date.getUTCMinutes());
    case "4":
      return String(date.getUTCMinutes());
    case "05":
      return two(date.getUTCSeconds());
    case "5":
      return String(date.getUTCSeconds());
    case "06":
      return two(Math.abs(year) % 100);
    case "2006":
      return (year < 0 ? "-" : "") + String(Math.abs(year)).padStart(4, "0");
    case "PM":
      return hour >= 12 ? "PM" : "AM";
    case "pm":
      return hour >= 12 ? "pm" : "am";
  }
  if (/^[.,]/.test(chunk)) {
    const digits = String(nanosecond(moment))
      .padStart(9, "0")
      .slice(0, chunk.length - 1)
      .padEnd(chunk.length - 1, "0");
    const kept = chunk.endsWith("9") ? digits.replace(/0+$/, "") : digits;
    return kept === "" ? "" : `${chunk[0]}${kept}`;
  }
  if (chunk.startsWith("Z") && offset === 0) return "Z";
  const sized = offsetText(offset, chunk.includes(":") ? ":" : "", /0000|:00:00/.test(chunk));
  return chunk.length === 3 ? sized.slice(0, 3) : sized;
}

/** `1h2m3.5s` */
export function durationText(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const sign = ns < 0n ? "-" : "";
  const scaled = (unit: bigint, digits: number): string => {
    const rest = String(size % unit)
      .padStart(digits, "0")
      .replace(/0+$/, "");
    return `${size / unit}${rest === "" ? "" : `.${rest}`}`;
  };
  if (size === 0n) return "0s";
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${scaled(1_000n, 3)}µs`;
  if (size < SECOND) return `${sign}${scaled(1_000_000n, 6)}ms`;
  const rest = String(size % SECOND)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const seconds = `${(size / SECOND) % 60n}${rest === "" ? "" : `.${rest}`}s`;
  const minutes = size >= MINUTE ? `${(size / MINUTE) % 60n}m` : "";
  return `${sign}${size >= HOUR ? `${size / HOUR}h` : ""}${minutes}${seconds}`;
}

/** To a multiple, half away from zero. */
export function roundNs(ns: bigint, to: bigint): bigint {
  if (to <= 0n) return ns;
  const rest = ns % to;
  const size = rest < 0n ? -rest : rest;
  const down = ns - rest;
  return size + size < to ? down : down + (ns < 0n ? -to : to);
}
