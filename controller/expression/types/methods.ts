/** The methods of times and durations, as Go's `time` package names them. */
import { BOOL, DURATION, FLOAT, INT, INT64, MONTH, type Signature, STRING, TIME, type Type, WEEKDAY } from "./types.ts";

const gives = (type: Type, ...takes: readonly Type[]): Signature => ({ takes, gives: type });

const OF_TIME: ReadonlyMap<string, Signature> = new Map([
  ["Add", gives(TIME, DURATION)],
  ["AddDate", gives(TIME, INT, INT, INT)],
  ["After", gives(BOOL, TIME)],
  ["Before", gives(BOOL, TIME)],
  ["Compare", gives(INT, TIME)],
  ["Day", gives(INT)],
  ["Equal", gives(BOOL, TIME)],
  ["Hour", gives(INT)],
  ["IsZero", gives(BOOL)],
  ["Minute", gives(INT)],
  ["Month", gives(MONTH)],
  ["Nanosecond", gives(INT)],
  ["Second", gives(INT)],
  ["Sub", gives(DURATION, TIME)],
  ["Truncate", gives(TIME, DURATION)],
  ["UTC", gives(TIME)],
  ["Unix", gives(INT64)],
  ["UnixMicro", gives(INT64)],
  ["UnixMilli", gives(INT64)],
  ["UnixNano", gives(INT64)],
  ["Weekday", gives(WEEKDAY)],
  ["Year", gives(INT)],
  ["YearDay", gives(INT)],
]);

const OF_DURATION: ReadonlyMap<string, Signature> = new Map([
  ["Abs", gives(DURATION)],
  ["Hours", gives(FLOAT)],
  ["Microseconds", gives(INT64)],
  ["Milliseconds", gives(INT64)],
  ["Minutes", gives(FLOAT)],
  ["Nanoseconds", gives(INT64)],
  ["Seconds", gives(FLOAT)],
  ["String", gives(STRING)],
  ["Truncate", gives(DURATION, DURATION)],
]);

const OF_NAME: ReadonlyMap<string, Signature> = new Map([["String", gives(STRING)]]);

const METHODS: ReadonlyMap<string, ReadonlyMap<string, Signature>> = new Map([
  ["time.Time", OF_TIME],
  ["time.Duration", OF_DURATION],
  ["time.Month", OF_NAME],
  ["time.Weekday", OF_NAME],
]);

/** The method of this name of a type (by its Go name); undefined when none is known here. */
export const methodOf = (type: string, name: string): Signature | undefined => METHODS.get(type)?.get(name);
