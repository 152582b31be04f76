/**
 * Resource quantities (`100m`, `1.5Gi`, `2e3`) to be compared, with the text in which errors quote them. Like the
 * reference's defaulting, they are rounded up to thousandths (validation.md §10).
 */
import { canonicalQuantity } from "../hash/quantity.ts";

export interface Quantity {
  /** The amount in thousandths. */
  readonly milli: bigint;
  /** As Go writes it: "1024Mi" is "1Gi". */
  readonly text: string;
}

const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const FORM = /^([+-]?)(\d*)(?:\.(\d*))?([A-Za-z]{0,2}|[eE][+-]?\d{1,3})$/;

export const QUANTITY_RULE = String.raw`quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`;

/** A quantity from a manifest's number or string; undefined when it is none. */
export function parseQuantity(value: unknown): Quantity | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const match = FORM.exec(String(value));
  if (match === null) return undefined;
  const [, sign = "", units = "", fraction = "", suffix = ""] = match;
  const scale = scaleOf(suffix);
  if (units + fraction === "" || scale === undefined) return undefined;
  const digits = BigInt(units + fraction) * scale.factor;
  const exponent = scale.exponent + 3 - fraction.length;
  const size = timesPowerOfTen(digits, exponent);
  const milli = sign === "-" ? -size : size;
  const exact = exponent >= 0 || size * 10n ** BigInt(-exponent) === digits;
  return { milli, text: canonicalQuantity(exact ? String(value) : `${milli}m`) };
}

interface Scale {
  readonly exponent: number;
  readonly factor: bigint;
}

function scaleOf(suffix: string): Scale | undefined {
  const exponent = DECIMAL[suffix];
  if (exponent !== undefined) return { exponent, factor: 1n };
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) return { exponent: 0, factor: 1024n ** BigInt(binary) };
  return /^[eE][+-]?\d+$/.test(suffix) ? { exponent: Number(suffix.slice(1)), factor: 1n } : undefined;
}

/** Rounded up where digits fall off: whoever asks for some gets some. */
function timesPowerOfTen(digits: bigint, exponent: number): bigint {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return (digits + divisor - 1n) / divisor;
}

export const isNegative = (quantity: Quantity): boolean => quantity.milli < 0n;
export const isWhole = (quantity: Quantity): boolean => quantity.milli % 1000n === 0n;
