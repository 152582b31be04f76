/** Go's literals: quoted strings, characters and numbers. */
import { GO_ESCAPES, goQuoted } from "../../../kube/object/goQuoted.ts";
import { fromUtf8, Problem, utf8 } from "./values.ts";

const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-3][0-7]{2})|([^]))/g;

/** The text of a literal with its quotes. @throws {Problem} */
export function unquote(literal: string): string {
  if (literal.startsWith("`")) return literal.slice(1, -1).replaceAll("\r", "");
  return unescaped(literal.slice(1, -1), '"');
}

function unescaped(text: string, quote: string): string {
  if (!text.includes("\\")) return text;
  let last = 0;
  const bytes: number[] = [];
  for (const match of text.matchAll(ESCAPE)) {
    const [all, byte, short, long, octal, letter] = match;
    bytes.push(...utf8(text.slice(last, match.index)));
    last = match.index + all.length;
    const unicode = short ?? long;
    if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (unicode !== undefined) bytes.push(...utf8(rune(Number.parseInt(unicode, 16))));
    else bytes.push(...utf8(named(letter ?? "", quote)));
  }
  return fromUtf8(Uint8Array.from([...bytes, ...utf8(text.slice(last))]));
}

function rune(code: number): string {
  if (code > 0x10_ff_ff || (code >= 0xd800 && code < 0xe000)) throw new Problem("invalid syntax");
  return String.fromCodePoint(code);
}

function named(letter: string, quote: string): string {
  const char = GO_ESCAPES[letter];
  if (char === undefined || (/['"]/.test(char) && char !== quote)) throw new Problem("invalid syntax");
  return char;
}

export interface GoNumber {
  /** Absent when it has a fraction or does not fit in an int64. */
  readonly whole?: bigint;
  readonly float: number;
}

const INTEGER = /^[+-]?(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEX_FLOAT = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)$/;

/** A Go integer in the base that its prefix names; undefined when the text is none. It may be of any size. */
export function integer(text: string): bigint | undefined {
  if (!INTEGER.test(text) || text.length > 100) return undefined;
  const digits = text.replaceAll(/[_+-]/g, "");
  const size = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return text.startsWith("-") ? -size : size;
}

/** As strconv.ParseFloat reads it; undefined when the text is no float or too large for one. */
export function float(text: string): number | undefined {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  const [, sign, whole = "", rest = "", power] = HEX_FLOAT.exec(text) ?? [];
  if (power !== undefined) {
    if (whole + rest === "" || whole.length + rest.length > 100) return undefined;
    const size = Number(`0x${whole}${rest}`) * 2 ** (Number(power) - 4 * rest.length);
    return sign === "-" ? -size : size;
  }
  const plain = text.replaceAll(/(?<=\d)_(?=\d)/g, "");
  if (!FLOAT.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

export const fitsInt64 = (n: bigint): boolean => BigInt.asIntN(64, n) === n;

/** @throws {Problem} */
export function numberLiteral(text: string): GoNumber {
  if (text.startsWith("'")) return characterLiteral(text);
  if (text.endsWith("i")) throw new Problem(`complex numbers are not supported: ${text}`);
  const n = integer(text);
  if (n !== undefined && (fitsInt64(n) || (n > 0n && BigInt.asUintN(64, n) === n))) {
    return fitsInt64(n) ? { whole: n, float: Number(n) } : { float: Number(n) };
  }
  const value = float(text.replaceAll("_", ""));
  if (value === undefined || /(?:^|[^\da-fxA-FX])_|_(?:$|[^\da-fA-F])/.test(text))
    throw new Problem(`illegal number syntax: ${goQuoted(text)}`);
  if (!/[.eEpP]/.test(text)) throw new Problem(`integer overflow: ${goQuoted(text)}`);
  const isWhole = Number.isInteger(value) && Math.abs(value) < 2 ** 63;
  return isWhole ? { whole: BigInt(value), float: value } : { float: value };
}

function characterLiteral(text: string): GoNumber {
  const malformed = new Problem(`malformed character constant: ${text}`);
  if (text === "''") throw new Problem("invalid syntax");
  const chars = Array.from(unescaped(text.slice(1, -1), "'"));
  if (chars.length !== 1) throw malformed;
  const code = chars[0]?.codePointAt(0) ?? 0;
  return { whole: BigInt(code), float: code };
}
