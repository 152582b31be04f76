/** Sprig's functions on dates and durations. */
import { spend } from "../../../kube/object/budget.ts";
import { goDurationNs, goDurationProblem } from "../../../kube/object/goDuration.ts";
import type { Method } from "./methods.ts";
import {
  durationText,
  format,
  local,
  momentOf,
  roundNs,
  SECOND,
  time,
  zoneNamed,
  ZERO_NS,
  type Moment,
} from "./moment.ts";
import { parseTime, RFC3339 } from "./momentParse.ts";
import { Func, Int, Problem, type Thing, type Value } from "./values.ts";

type Time = Thing<Moment>;

const UNITS: readonly (readonly [seconds: bigint, name: string])[] = [
  [31_536_000n, "y"],
  [2_592_000n, "mo"],
  [86_400n, "d"],
  [3_600n, "h"],
  [60n, "m"],
  [1n, "s"],
];

/** In its largest unit. */
function roughly(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const [seconds, name] = UNITS.find(([each]) => size > each * SECOND) ?? [SECOND, "s"];
  return `${size / (seconds * SECOND)}${name}`;
}

function moved(by: string, { data }: Time): Time {
  const ns = goDurationNs(by);
  const problem = goDurationProblem(by);
  if (ns === undefined || problem !== undefined) throw new Problem(problem ?? "");
  return time({ ...data, ns: data.ns + ns });
}

/** What the function gives, or `instead` when it fails. */
function orElse<T>(work: () => T, instead: T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem) return instead;
    throw error;
  }
}

const seconds = (value: Value): bigint =>
  value instanceof Int && value.type === "int64"
    ? value.n
    : typeof value === "string" && /^[+-]?\d{1,18}$/.test(value)
      ? BigInt(value)
      : 0n;

const isCount = (value: Value): value is Int => value instanceof Int && /^int(?:64)?$/.test(value.type);

/** The functions that a template finds under `.time`. */
export const timeFunctions = (now: () => number): { readonly Now: Func; readonly Parse: Func } => ({
  Now: new Func({ takes: "", run: () => timeAt(now()) }, "func() time.Time"),
  Parse: new Func(
    { takes: "s", run: (text: string) => time(parseTime(RFC3339, text, "UTC")) },
    "func(string) time.Time",
  ),
});

export const timeAt = (ms: number, zone = local()): Time => time({ ns: BigInt(Math.trunc(ms)) * 1_000_000n, zone });

/** @param now in ms since 1970 */
export function dates(now: () => number): Readonly<Record<string, Method>> {
  const given = (value: Value): Moment =>
    momentOf(value) ?? (isCount(value) ? { ns: value.n * SECOND, zone: "UTC" } : timeAt(now()).data);
  const inZone = (layout: string, value: Value, zone: string): string =>
    format({ ...given(value), zone: zoneNamed(zone) }, layout);
  const since = (moment: Moment): bigint => timeAt(now()).data.ns - moment.ns;
  const rounded = (value: Value): string => {
    if (typeof value === "string") spend(value.length * 4, "reading durations");
    const moment = momentOf(value);
    if (moment !== undefined) return roughly(since(moment));
    if (value instanceof Int && value.type === "int64") return roughly(value.n);
    const ns = typeof value === "string" && goDurationProblem(value) === undefined ? goDurationNs(value) : undefined;
    return roughly(ns ?? 0n);
  };
  const modify = (by: string, at: Time): Time => orElse(() => moved(by, at), at);
  const toDate = (layout: string, text: string): Time => time(parseTime(layout, text, local()));
  const zero = time({ ns: ZERO_NS, zone: "UTC" });
  return {
    ago: ["a", (value: Value) => durationText(roundNs(since(given(value)), SECOND))],
    date: ["sa", (layout: string, value: Value) => inZone(layout, value, "Local")],
    dateInZone: ["sas", inZone],
    dateModify: ["st", modify],
    date_in_zone: ["sas", inZone],
    date_modify: ["st", modify],
    duration: ["a", (value: Value) => durationText(BigInt.asIntN(64, seconds(value) * SECOND))],
    durationRound: ["a", rounded],
    htmlDate: ["a", (value: Value) => inZone("2006-01-02", value, "Local")],
    htmlDateInZone: ["as", (value: Value, zone: string) => inZone("2006-01-02", value, zone)],
    mustDateModify: ["st", moved],
    mustToDate: ["ss", toDate],
    must_date_modify: ["st", moved],
    now: ["", () => timeAt(now())],
    toDate: ["ss", (layout: string, text: string) => orElse(() => toDate(layout, text), zero)],
    unixEpoch: ["t", ({ data }: Time) => String(data.ns >= 0n ? data.ns / SECOND : (data.ns - SECOND + 1n) / SECOND)],
  };
}
