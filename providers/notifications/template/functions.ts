/** All functions that a template can call: those of text/template, and those of sprig, which win. */
import { BUILTINS } from "./builtins.ts";
import type { Method } from "./methods.ts";
import { dates } from "./sprigDates.ts";
import { DICTS } from "./sprigDicts.ts";
import { ENCODINGS } from "./sprigEncodings.ts";
import { JSON_FUNCTIONS } from "./sprigJson.ts";
import { LISTS } from "./sprigLists.ts";
import { NUMBERS } from "./sprigNumbers.ts";
import { OTHERS } from "./sprigOther.ts";
import { REGEXPS } from "./sprigRegexp.ts";
import { STRINGS } from "./sprigStrings.ts";
import type { Signature } from "./values.ts";

const TABLES = [STRINGS, LISTS, DICTS, NUMBERS, JSON_FUNCTIONS, REGEXPS, ENCODINGS, OTHERS];

/** @param now the clock of `now`, `ago` and the like, in ms since 1970 */
export function functions(now: () => number): ReadonlyMap<string, Signature> {
  const rows = [...TABLES, dates(now)].flatMap((table: Readonly<Record<string, Method>>) => Object.entries(table));
  const sprig = rows.map(([name, [takes, run]]): [string, Signature] => [name, { takes, run }]);
  return new Map([...Object.entries(BUILTINS), ...sprig]);
}
