/** Values as Go's fmt prints them. */
import { spend, spendBytes, spendSort } from "../../../kube/object/budget.ts";
import { byteOrder } from "../../../kube/object/goJson.ts";
import { formatFloat } from "./floats.ts";
import { textOf } from "./methods.ts";
import {
  bytesOf,
  deeper,
  Dict,
  fromUtf8,
  Func,
  held,
  Int,
  List,
  Problem,
  Thing,
  typeName,
  utf8,
  type Value,
} from "./values.ts";
import { quoted } from "./quoted.ts";

/** What stands between `%` and the verb. */
export interface Flags {
  readonly width?: number | undefined;
  readonly precision?: number | undefined;
  readonly minus?: boolean;
  readonly plus?: boolean;
  readonly sharp?: boolean;
  readonly space?: boolean;
  readonly zero?: boolean;
}

const PRINTING = "printing";

export function sortedEntries(dict: Dict): [string, Value][] {
  spendSort(dict.entries.size + 1, "sorting");
  return [...dict.entries].toSorted(([a], [b]) => byteOrder(a, b));
}

/** `%v` */
export const shownValue = (value: Value): string => formatted(value, "v", {});

/** Sprint: a space between two values of which neither is a text. */
export function print(values: readonly Value[]): string {
  let text = "";
  for (const [i, value] of values.entries()) {
    const isText = typeof held(value) === "string";
    if (i > 0 && !isText && typeof held(values[i - 1]) !== "string") text += " ";
    text += shownValue(value);
  }
  return text;
}

function padded(text: string, flags: Flags, zero = false): string {
  const { width = 0, minus } = flags;
  const length = Array.from(text).length;
  if (length >= width) return text;
  spendBytes(width, PRINTING);
  const fill = (zero ? "0" : " ").repeat(width - length);
  return minus ? text + " ".repeat(width - length) : fill + text;
}

/** Numbers take zeros between the sign and the digits. */
function paddedNumber(text: string, flags: Flags): string {
  if (!flags.zero || flags.minus) return padded(text, flags);
  const [, sign = "", digits = ""] = /^([+\- ]?)([^]*)$/.exec(text) ?? [];
  return sign + padded(digits, { ...flags, width: (flags.width ?? 0) - sign.length }, true);
}

const signed = (text: string, flags: Flags): string =>
  /^[+-]/.test(text) ? text : flags.plus ? `+${text}` : flags.space ? ` ${text}` : text;

function bad(value: Value, verb: string): string {
  if (value === undefined || value === null) return `%!${verb}(<nil>)`;
  return `%!${verb}(${typeName(value)}=${formatted(value, "v", {})})`;
}

export function formatted(given: Value, verb: string, flags: Flags, depth = 0): string {
  const next = deeper(depth);
  const value = held(given);
  if (value === undefined || value === null) {
    if (verb === "T" || verb === "v") return padded("<nil>", flags);
    return depth > 0 ? "<nil>" : bad(value, verb);
  }
  if (verb === "T") return string(typeName(value), "s", flags);
  if (verb === "p")
    return value instanceof Func || value instanceof List || value instanceof Dict ? "0x0" : bad(value, verb);
  if (typeof value === "string") return /^[vsqxX]$/.test(verb) ? string(value, verb, flags) : bad(value, verb);
  const text = /^[vsqxX]$/.test(verb) && !(verb === "v" && flags.sharp) ? textOf(value) : undefined;
  if (text !== undefined) return string(text, verb, flags);
  if (typeof value === "boolean") return /^[tv]$/.test(verb) ? padded(String(value), flags) : bad(value, verb);
  if (typeof value === "number") return float(value, verb, flags);
  if (value instanceof Int) return integer(value, verb, flags);
  if (value instanceof List) return list(value, verb, flags, next);
  if (value instanceof Dict) return dict(value, verb, flags, next);
  if (value instanceof Thing) return verb === "v" || verb === "d" ? `{${value.text()}}` : bad(value, verb);
  return verb === "v" ? "0x0" : bad(value, verb);
}

function string(value: string, verb: string, flags: Flags): string {
  spendBytes(value.length, PRINTING);
  const { precision } = flags;
  const isHex = verb === "x" || verb === "X";
  const kept = precision === undefined || isHex ? value : Array.from(value).slice(0, precision).join("");
  if (isHex) return padded(hex(utf8(value), verb, flags), flags, Boolean(flags.zero) && !flags.minus);
  const isQuoted = verb === "q" || (verb === "v" && flags.sharp);
  const isRaw = isQuoted && flags.sharp && verb === "q" && !/[`\x7f\ufeff]|[^\t -\u{10ffff}]/u.test(kept);
  const text = isRaw ? `\`${kept}\`` : isQuoted ? quoted(kept, Boolean(flags.plus)) : kept;
  return padded(text, flags, Boolean(flags.zero) && !flags.minus);
}

function hex(all: Uint8Array, verb: string, { precision, sharp, space }: Flags): string {
  const bytes = all.slice(0, precision);
  if (bytes.length === 0) return "";
  const prefix = sharp ? `0${verb}` : "";
  const each = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const digits = space ? each.join(` ${prefix}`) : each.join("");
  return prefix + (verb === "X" ? digits.toUpperCase() : digits);
}

const BASES: Readonly<Record<string, readonly [base: number, prefix: string]>> = {
  b: [2, "0b"],
  d: [10, ""],
  o: [8, "0"],
  O: [8, "0o"],
  v: [10, ""],
  x: [16, "0x"],
  X: [16, "0X"],
};

function integer({ n, type }: Int, verb: string, flags: Flags): string {
  const isByte = type.startsWith("uint") && verb === "v" && flags.sharp;
  if (verb === "c" || verb === "q" || verb === "U") return rune(n, verb, flags);
  const known = BASES[isByte ? "x" : verb];
  if (known === undefined) return bad(new Int(n, type), verb);
  const [base, prefix] = known;
  let digits = (n < 0n ? -n : n).toString(base);
  if (verb === "X") digits = digits.toUpperCase();
  const { precision } = flags;
  if (precision === 0 && n === 0n) return padded("", flags);
  if (precision !== undefined) digits = padded(digits, { width: precision }, true);
  const isPrefixed = (flags.sharp === true && verb !== "v") || verb === "O" || isByte;
  const zeros = flags.zero && !flags.minus && precision === undefined;
  const sign = n < 0n ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  if (zeros) digits = padded(digits, { width: (flags.width ?? 0) - sign.length }, true);
  return padded(sign + (isPrefixed ? prefix : "") + digits, flags);
}

function rune(n: bigint, verb: string, flags: Flags): string {
  const code = n < 0n || n > 0x10_ff_ffn || (n >= 0xd800n && n < 0xe000n) ? 0xff_fd : Number(n);
  const char = String.fromCodePoint(code);
  if (verb === "c") return padded(char, flags);
  if (verb === "U") {
    const isShown = flags.sharp && /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char);
    return padded(`U+${n.toString(16).toUpperCase().padStart(4, "0")}${isShown ? ` '${char}'` : ""}`, flags);
  }
  const inside = char === "'" ? String.raw`\'` : char === '"' ? '"' : quoted(char, Boolean(flags.plus)).slice(1, -1);
  return padded(`'${inside}'`, flags);
}

function float(value: number, verb: string, flags: Flags): string {
  const lower = verb === "v" ? "g" : verb.toLowerCase();
  if (!/^[veEfFgG]$/.test(verb)) return bad(value, verb);
  const precision = flags.precision ?? (verb === "v" || lower === "g" ? undefined : 6);
  if (precision !== undefined && precision > MAX_PRECISION) throw new Problem(`precision ${precision} is too large`);
  if (precision !== undefined) spend(200, PRINTING);
  const sharp = flags.sharp === true && lower === "g" && verb !== "v";
  let text = formatFloat(value, lower as "e" | "f" | "g", precision, sharp);
  if (verb === "E" || verb === "G") text = text.replace("e", "E");
  if (/Inf|NaN/.test(text)) return padded(text === "+Inf" ? "+Inf" : signed(text, flags), flags);
  return paddedNumber(signed(text, flags), flags);
}

const MAX_PRECISION = 1_000;

function list(value: List, verb: string, flags: Flags, depth: number): string {
  if (value.of === "uint8") {
    if (/^[sqxX]$/.test(verb)) {
      const bytes = bytesOf(value);
      return verb === "x" || verb === "X"
        ? padded(hex(bytes, verb, flags), flags)
        : string(fromUtf8(bytes), verb, flags);
    }
    if (!/^[vd]$/.test(verb)) return bad(value, verb);
  }
  const isGo = verb === "v" && flags.sharp;
  if (isGo && value.isNil) return `${typeName(value)}(nil)`;
  const items = value.items.map((item) => element(item, verb, flags, depth));
  spendBytes(
    items.reduce((sum, item) => sum + item.length, 0),
    PRINTING,
  );
  return isGo ? `${typeName(value)}{${items.join(", ")}}` : `[${items.join(" ")}]`;
}

function element(item: Value, verb: string, flags: Flags, depth: number): string {
  const isNil = item === null || item === undefined;
  if (isNil && verb === "v" && flags.sharp) return "interface {}(nil)";
  return isNil ? "<nil>" : formatted(item, verb, flags, depth);
}

function dict(value: Dict, verb: string, flags: Flags, depth: number): string {
  const isGo = verb === "v" && flags.sharp;
  const items = sortedEntries(value).map(
    ([key, item]) => `${formatted(key, verb, flags, depth)}:${element(item, verb, flags, depth)}`,
  );
  spendBytes(
    items.reduce((sum, item) => sum + item.length, 0),
    PRINTING,
  );
  return isGo ? `${typeName(value)}{${items.join(", ")}}` : `map[${items.join(" ")}]`;
}
