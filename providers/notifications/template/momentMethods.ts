/** Methods of times, durations, months and weekdays. */
import type { Method } from "./methods.ts";
import {
  DAYS,
  duration,
  durationText,
  floorDiv,
  format,
  local,
  MONTHS,
  nanosecond,
  roundNs,
  time,
  wallClock,
  yearDay,
  ZERO_NS,
  zoneAt,
  type Moment,
} from "./moment.ts";
import { int, Int, int64, Problem, type Thing } from "./values.ts";

type Time = Thing<Moment>;
const on = (work: (moment: Moment, date: Date) => unknown): Method => [
  "",
  ({ data }: Time) => work(data, wallClock(data)),
];
const compared = (work: (a: bigint, b: bigint) => unknown): Method => [
  "t",
  ({ data }: Time, other: Time) => work(data.ns, other.data.ns),
];
const moved = (work: (ns: bigint, by: bigint) => bigint): Method => [
  "d",
  ({ data }: Time, by: Int) => time({ ...data, ns: work(data.ns, by.n) }),
];
const sign = (a: bigint, b: bigint): Int => int(a < b ? -1 : a > b ? 1 : 0);
/** Times are cut from year 1 on. */
const truncated = (ns: bigint, to: bigint): bigint => (to <= 0n ? ns : floorDiv(ns - ZERO_NS, to) * to + ZERO_NS);

function addDate({ data }: Time, years: number, months: number, days: number): Time {
  const date = wallClock(data);
  const { offset } = zoneAt(data.ns, data.zone);
  date.setUTCFullYear(date.getUTCFullYear() + years, date.getUTCMonth() + months, date.getUTCDate() + days);
  if (Number.isNaN(date.getTime())) throw new Problem("the date lies too far away");
  const wall = BigInt(date.getTime()) * 1_000_000n + BigInt(nanosecond(data));
  // The clock stays, though the zone's offset may be another one then.
  const guess = wall - BigInt(offset) * 1_000_000_000n;
  return time({ ...data, ns: wall - BigInt(zoneAt(guess, data.zone).offset) * 1_000_000_000n });
}

export const TIME_METHODS: Readonly<Record<string, Method>> = {
  Add: moved((ns, by) => ns + by),
  AddDate: ["iii", addDate],
  After: compared((a, b) => a > b),
  Before: compared((a, b) => a < b),
  Compare: compared(sign),
  Day: on((_, date) => int(date.getUTCDate())),
  Equal: compared((a, b) => a === b),
  Format: ["s", ({ data }: Time, layout: string) => format(data, layout)],
  Hour: on((_, date) => int(date.getUTCHours())),
  IsZero: on(({ ns }) => ns === ZERO_NS),
  Local: on(({ ns }) => time({ ns, zone: local() })),
  Minute: on((_, date) => int(date.getUTCMinutes())),
  Month: on((_, date) => new Int(date.getUTCMonth() + 1, "time.Month")),
  Nanosecond: on((moment) => int(nanosecond(moment))),
  Round: moved((ns, to) => truncated(ns + to / 2n, to)),
  Second: on((_, date) => int(date.getUTCSeconds())),
  String: ["", (self: Time) => self.text()],
  Sub: compared((a, b) => duration(a - b)),
  Truncate: moved(truncated),
  UTC: on(({ ns }) => time({ ns, zone: "UTC" })),
  Unix: on(({ ns }) => int64(floorDiv(ns, 1_000_000_000n))),
  UnixMicro: on(({ ns }) => int64(floorDiv(ns, 1_000n))),
  UnixMilli: on(({ ns }) => int64(floorDiv(ns, 1_000_000n))),
  UnixNano: on(({ ns }) => int64(ns)),
  Weekday: on((_, date) => new Int(date.getUTCDay(), "time.Weekday")),
  Year: on((_, date) => int(date.getUTCFullYear())),
  YearDay: on((_, date) => int(yearDay(date))),
};

const counted = (unit: bigint): Method => ["", ({ n }: Int) => int64(n / unit)];
/** Whole units and the rest, which add up to another last digit than a division gives. */
const fraction = (unit: bigint): Method => ["", ({ n }: Int) => Number(n / unit) + Number(n % unit) / Number(unit)];
const cut = (work: (ns: bigint, to: bigint) => bigint): Method => [
  "d",
  ({ n }: Int, to: Int) => duration(work(n, to.n)),
];

export const DURATION_METHODS: Readonly<Record<string, Method>> = {
  Abs: ["", ({ n }: Int) => duration(n < 0n ? -n : n)],
  Hours: fraction(3_600_000_000_000n),
  Microseconds: counted(1_000n),
  Milliseconds: counted(1_000_000n),
  Minutes: fraction(60_000_000_000n),
  Nanoseconds: counted(1n),
  Round: cut(roundNs),
  Seconds: fraction(1_000_000_000n),
  String: ["", ({ n }: Int) => durationText(n)],
  Truncate: cut((ns, to) => (to <= 0n ? ns : ns - (ns % to))),
};
export const MONTH_METHODS: Readonly<Record<string, Method>> = {
  String: ["", ({ n }: Int) => MONTHS[Number(n) - 1] ?? `%!Month(${n})`],
};
export const WEEKDAY_METHODS: Readonly<Record<string, Method>> = {
  String: ["", ({ n }: Int) => DAYS[Number(n)] ?? `%!Weekday(${n})`],
};
