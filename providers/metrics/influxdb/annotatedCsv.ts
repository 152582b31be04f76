/**
 * Annotated CSV, in which InfluxDB answers Flux queries: tables one after the other, each begun by annotations
 * (`#datatype`, `#group`, `#default`) and a row of names.
 */
import { goFloat } from "../../../kube/object/goFloat.ts";

/** `text`: as Go prints it. */
export interface RecordValue {
  readonly value: string | number | boolean | null;
  readonly text: string;
}

type Problem = { readonly problem: string };
type Found = { readonly values: readonly RecordValue[] } | Problem;

interface Column {
  name: string;
  type: string;
  fallback: string;
}

interface Table {
  readonly columns: readonly Column[];
  hasTypes: boolean;
  /** What the next row without an annotation is. */
  next: "names" | "record" | "error";
}

const newTable = (columns: number): Table => ({
  columns: Array.from({ length: columns }, () => ({ name: "", type: "", fallback: "" })),
  hasTypes: false,
  next: "names",
});

/** The members of `_value` in all records of all tables. */
export function recordValues(csv: string): Found {
  const values: RecordValue[] = [];
  let table: Table | undefined;
  for (const row of rows(csv)) {
    if (row === undefined) return { problem: "parsing error, a quoted text does not end well" };
    const [mark = "", ...cells] = row;
    // An empty line, or one that cannot be a row of a table.
    if (cells.length === 0) continue;
    if (mark.startsWith("#") && (table === undefined || table.next !== "names")) table = newTable(cells.length);
    if (table === undefined) return { problem: "parsing error, annotations not found" };
    if (cells.length !== table.columns.length) {
      return {
        problem: `parsing error, row has different number of columns than the table: ${cells.length} vs ${table.columns.length}`,
      };
    }
    const found = mark.startsWith("#") ? annotate(table, mark, cells) : readRow(table, mark, cells);
    if (found === undefined) continue;
    if ("problem" in found) return found;
    values.push(found);
  }
  // Another page, such as one to sign in.
  if (table === undefined && csv.trim() !== "") return { problem: "parsing error, annotations not found" };
  return { values };
}

function annotate(table: Table, mark: string, cells: readonly string[]): undefined {
  if (mark === "#datatype") table.hasTypes = true;
  for (const [index, column] of table.columns.entries()) {
    if (mark === "#datatype") column.type = cells[index] ?? "";
    if (mark === "#default") column.fallback = cells[index] ?? "";
  }
  return undefined;
}

function readRow(table: Table, mark: string, cells: readonly string[]): RecordValue | Problem | undefined {
  if (mark !== "") return { problem: `parsing error, a row begins with ${mark.slice(0, 40)}` };
  switch (table.next) {
    case "names":
      if (!table.hasTypes) return { problem: "parsing error, datatype annotation not found" };
      for (const [index, column] of table.columns.entries()) column.name = cells[index] ?? "";
      table.next = cells[0] === "error" ? "error" : "record";
      return undefined;
    case "record":
      return recordValue(table, cells);
    case "error":
      return { problem: `${cells[0] || "unknown query error"}${cells[1] ? `,${cells[1]}` : ""}` };
    default:
      return table.next satisfies never;
  }
}

const NIL: RecordValue = { value: null, text: "<nil>" };

/** All of its cells must be readable. */
function recordValue(table: Table, cells: readonly string[]): RecordValue | Problem {
  let found = NIL;
  for (const [index, { name, type, fallback }] of table.columns.entries()) {
    const cell = cells[index] || fallback;
    const value = cell === "" ? NIL : typed(cell, type);
    if (value === undefined) {
      const isKnown = TYPES.has(type);
      return { problem: isKnown ? `${name} is no ${type}` : `${name} has unknown data type ${type}` };
    }
    if (name === "_value") found = value;
  }
  return found;
}

const typed = (cell: string, type: string): RecordValue | undefined => TYPES.get(type)?.(cell);

const text = (cell: string): RecordValue => ({ value: cell, text: cell });

/** Conditions compare integers as they compare floats; those that no float holds keep their digits in the text. */
function integer(cell: string): RecordValue | undefined {
  if (!/^[+-]?\d{1,20}$/.test(cell)) return undefined;
  return { value: Number(cell), text: String(BigInt(cell.replace("+", ""))) };
}

const WORDS = new Map([
  ["nan", Number.NaN],
  ["inf", Infinity],
  ["+inf", Infinity],
  ["-inf", -Infinity],
  ["infinity", Infinity],
  ["+infinity", Infinity],
  ["-infinity", -Infinity],
]);

function float(cell: string): RecordValue | undefined {
  const isNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(cell);
  const value = isNumber ? Number(cell) : WORDS.get(cell.toLowerCase());
  // What is too large for a float is no number in Go.
  if (value === undefined || (isNumber && !Number.isFinite(value))) return undefined;
  return { value, text: goFloat(value) };
}

const isTrue = (cell: string): RecordValue => {
  const value = cell.toLowerCase() !== "false";
  return { value, text: String(value) };
};

/** 2024-01-02T03:04:05.5Z → 2024-01-02 03:04:05.5 +0000 UTC */
function time(cell: string): RecordValue | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(?:Z|([+-]\d\d):(\d\d))$/.exec(cell);
  if (parts === null || Number.isNaN(Date.parse(cell))) return undefined;
  const [, day = "", clock = "", rest = "", hours, minutes = ""] = parts;
  const fraction = rest.replace(/\.?0+$/, "");
  const zone = hours === undefined ? "+0000 UTC" : `${hours}${minutes} ${hours}${minutes}`;
  return { value: cell, text: `${day} ${clock}${fraction} ${zone}` };
}

const TYPES = new Map<string, (cell: string) => RecordValue | undefined>([
  ["string", text],
  ["dateTime:RFC3339", time],
  ["dateTime:RFC3339Nano", time],
  ["duration", text],
  ["base64Binary", text],
  ["double", float],
  ["boolean", isTrue],
  ["long", integer],
  ["unsignedLong", integer],
]);

/** Rows of RFC 4180; undefined where a quote stands in the wrong place, and then no more. */
function* rows(csv: string): Generator<readonly string[] | undefined> {
  let row: string[] = [];
  let at = 0;
  while (at < csv.length) {
    const cell = csv[at] === '"' ? quoted(csv, at + 1) : plain(csv, at);
    if (cell === undefined) {
      yield undefined;
      return;
    }
    row.push(cell.text);
    at = cell.end;
    if (csv[at] === ",") {
      at++;
      // A comma at the very end stands before an empty cell.
      if (at === csv.length) row.push("");
      else continue;
    }
    yield row;
    row = [];
    at = afterLine(csv, at);
  }
}

const afterLine = (csv: string, at: number): number => (csv[at] === "\r" ? at + 2 : at + 1);

interface Cell {
  readonly text: string;
  /** Where the comma, the line's end or the text's end is. */
  readonly end: number;
}

const isEnd = (csv: string, at: number): boolean =>
  at >= csv.length || csv[at] === "," || csv[at] === "\n" || csv.startsWith("\r\n", at);

function plain(csv: string, from: number): Cell | undefined {
  let end = from;
  while (!isEnd(csv, end)) {
    if (csv[end] === '"') return undefined;
    end++;
  }
  return { text: csv.slice(from, end), end };
}

/** @param from behind the first quote */
function quoted(csv: string, from: number): Cell | undefined {
  let end = from;
  for (;;) {
    end = csv.indexOf('"', end);
    if (end < 0) return undefined;
    if (csv[end + 1] !== '"') break;
    end += 2;
  }
  return isEnd(csv, end + 1) ? { text: csv.slice(from, end).replaceAll('""', '"'), end: end + 1 } : undefined;
}
