/** Go's time.Parse. */
import { CHUNKS, DAYS, local, MONTHS, SECOND, yearDay, zoneAt, zoneNamed, type Moment, type Zone } from "./moment.ts";
import { Problem, utf8 } from "./values.ts";

export const RFC3339 = "2006-01-02T15:04:05Z07:00";

interface Found {
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  ns: number;
  pm: boolean | undefined;
  zone: Zone | undefined;
  offset: { readonly hours: number; readonly minutes: number } | undefined;
}

const ZONE = /^[+-](\d\d):?(\d\d)?:?(\d\d)?/;
const PATTERNS: Readonly<Record<string, RegExp>> = {
  "2006": /^\d{4}/,
  "06": /^\d\d/,
  "01": /^\d\d/,
  "02": /^\d\d/,
  "03": /^\d\d/,
  "04": /^\d\d/,
  "05": /^\d\d/,
  "15": /^\d\d/,
  "1": /^\d\d?/,
  "2": /^\d\d?/,
  _2: /^ ?\d\d?/,
  "3": /^\d\d?/,
  "4": /^\d\d?/,
  "5": /^\d\d?/,
  "002": /^\d{3}/,
  __2: /^[ \d]{2}\d/,
  PM: /^[AP]M/,
  pm: /^[ap]m/,
  MST: /^(?:UTC|[A-Z]{3,4}|[+-]\d\d)/,
  "-07": /^[+-]\d\d/,
  "-0700": /^[+-]\d{4}/,
  "-07:00": /^[+-]\d\d:\d\d/,
  "-070000": /^[+-]\d{6}/,
  "-07:00:00": /^[+-]\d\d:\d\d:\d\d/,
};

function patternOf(chunk: string): RegExp {
  if (/^[.,]/.test(chunk)) return chunk.endsWith("9") ? /^(?:[.,]\d+)?/ : new RegExp(`^[.,]\\d{${chunk.length - 1}}`);
  const names = chunk.startsWith("Jan") ? MONTHS : chunk.startsWith("Mon") ? DAYS : undefined;
  if (names !== undefined) {
    const all = chunk.length === 3 ? names.map((name) => name.slice(0, 3)) : names;
    return new RegExp(`^(?:${all.join("|")})`, "i");
  }
  const known = PATTERNS[chunk.replace(/^Z/, "-")] ?? /^/;
  return chunk.startsWith("Z") ? new RegExp(`^Z|${known.source}`) : known;
}

/** @throws {Problem} in Go's words */
export function parseTime(layout: string, value: string, zone: Zone): Moment {
  const refuse = (why: string): never => {
    throw new Problem(`parsing time ${quoted(value)}${why}`);
  };
  const found: Found = {
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    ns: 0,
    pm: undefined,
    zone: undefined,
    offset: undefined,
  };
  let rest = value;
  let last = 0;
  const literal = (text: string): void => {
    const [isThere, left] = skipped(rest, text);
    rest = left;
    if (!isThere) refuse(` as ${quoted(layout)}: cannot parse ${quoted(rest)} as ${quoted(text)}`);
  };
  for (const match of layout.matchAll(CHUNKS)) {
    const [chunk] = match;
    literal(layout.slice(last, match.index));
    last = match.index + chunk.length;
    const text = patternOf(chunk).exec(rest)?.[0];
    if (text === undefined) {
      return refuse(` as ${quoted(layout)}: cannot parse ${quoted(rest)} as ${quoted(chunk)}`);
    }
    rest = rest.slice(text.length);
    take(found, chunk, text);
    // A fraction of a second may follow without being in the layout.
    if (/^0?5$/.test(chunk) && !/^[.,][09]/.test(layout.slice(last))) {
      const fraction = /^[.,]\d+/.exec(rest)?.[0] ?? "";
      rest = rest.slice(fraction.length);
      if (fraction !== "") take(found, fraction, fraction);
    }
  }
  literal(layout.slice(last));
  if (rest !== "") refuse(`: extra text: ${quoted(rest)}`);
  const wrong = outOfRange(found);
  if (wrong !== undefined) refuse(`: ${wrong} out of range`);
  return momentOf(found, zone);
}

function take(found: Found, chunk: string, text: string): void {
  const n = Number(text);
  if (/^[.,]/.test(chunk)) found.ns = Number(text.slice(1, 10).padEnd(9, "0"));
  else if (chunk.startsWith("Jan")) found.month = MONTHS.findIndex((name) => sameStart(name, text)) + 1;
  else if (chunk === "2006") found.year = n;
  else if (chunk === "06") found.year = n >= 69 ? 1900 + n : 2000 + n;
  else if (/^0?1$/.test(chunk)) found.month = n;
  else if (/^[0_]?2$/.test(chunk)) found.day = n;
  else if (/^(?:00|__)2$/.test(chunk)) found.yearDay = n;
  else if (/^(?:15|0?3)$/.test(chunk)) found.hour = n;
  else if (/^0?4$/.test(chunk)) found.minute = n;
  else if (/^0?5$/.test(chunk)) found.second = n;
  else if (/^pm$/i.test(chunk)) found.pm = /p/i.test(text);
  else if (/^[-Z]07/.test(chunk)) {
    found.zone = zoneOf(text);
    const [, hours = "0", minutes = "0"] = ZONE.exec(text) ?? [];
    found.offset = { hours: Number(hours), minutes: Number(minutes) };
  } else if (chunk === "MST") found.zone = text === "UTC" ? "UTC" : ZONE.test(text) ? zoneOf(text) : zoneNamed(text);
}

/** What is left behind a text of the layout, in which a space stands for any number of them. */
function skipped(value: string, text: string): [isThere: boolean, left: string] {
  let left = value;
  for (const part of text.split(/( +)/)) {
    for (const char of part.startsWith(" ") ? "" : part) {
      if (!left.startsWith(char)) return [false, left];
      left = left.slice(char.length);
    }
    if (!part.startsWith(" ")) continue;
    if (left !== "" && !left.startsWith(" ")) return [false, left];
    left = left.replace(/^ +/, "");
  }
  return [true, left];
}

/** In the quotes of Go's package of time, which escapes all that is not ASCII. */
const quoted = (text: string): string =>
  `"${text.replaceAll(/["\\]|[^ -\x7f]/gu, (char) =>
    char === '"' || char === "\\"
      ? `\\${char}`
      : Array.from(utf8(char), (byte) => String.raw`\x` + byte.toString(16).padStart(2, "0")).join(""),
  )}"`;

const sameStart = (name: string, text: string): boolean =>
  name.toLowerCase().startsWith(text.toLowerCase().slice(0, 3));

function zoneOf(text: string): Zone {
  const [, hours = "0", minutes = "0", seconds = "0"] = ZONE.exec(text) ?? [];
  if (text === "Z") return "UTC";
  const size = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return size === 0 ? "UTC" : { offset: text.startsWith("-") ? -size : size };
}

function outOfRange({ year, month, day, yearDay: nth, hour, minute, second, pm, offset }: Found): string | undefined {
  if (month !== -1 && (month < 1 || month > 12)) return "month";
  if (hour > (pm === undefined ? 23 : 12)) return "hour";
  if (minute > 59) return "minute";
  if (second > 59) return "second";
  if (offset !== undefined && offset.hours > 24) return "time zone offset hour";
  if (offset !== undefined && offset.minutes > 60) return "time zone offset minute";
  const date = new Date(0);
  date.setUTCFullYear(year, month === -1 ? 1 : month, 0);
  if (day !== -1 && (day < 1 || day > date.getUTCDate())) return "day";
  date.setUTCFullYear(year, 11, 31);
  return nth !== -1 && (nth < 1 || nth > yearDay(date)) ? "day-of-year" : undefined;
}

function momentOf(found: Found, zone: Zone): Moment {
  const { year, month, day, yearDay: nth, minute, second, ns, pm } = found;
  const hour = pm === undefined ? found.hour : (found.hour % 12) + (pm ? 12 : 0);
  const date = new Date(0);
  if (nth === -1) date.setUTCFullYear(year, Math.max(month, 1) - 1, Math.max(day, 1));
  else date.setUTCFullYear(year, 0, nth);
  date.setUTCHours(hour, minute, second);
  const wall = (BigInt(date.getTime()) / 1_000n) * SECOND + BigInt(ns);
  const at = found.zone ?? zone;
  const guess = wall - BigInt(zoneAt(wall, at).offset) * SECOND;
  const offset = BigInt(zoneAt(guess, at).offset);
  const moment = { ns: wall - offset * SECOND, zone: at };
  const here = local();
  const isHere = typeof at === "object" && "offset" in at && zoneAt(moment.ns, here).offset === at.offset;
  return isHere ? { ...moment, zone: here } : moment;
}
