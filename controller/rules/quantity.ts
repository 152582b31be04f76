/**
 * Resource quantities (`100m`, `1.5Gi`, `2e3`): parsed exactly, compared, and printed in their canonical form as the
 * error texts quote them. Like the reference's defaulting, values are rounded up to thousandths (validation.md §10).
 */
export interface Quantity {
  /** The amount in thousandths. */
  readonly milli: bigint;
  readonly format: "decimal" | "exponent" | "binary";
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
  if (units + fraction === "") return undefined;
  const scale = scaleOf(suffix);
  if (scale === undefined) return undefined;
  const digits = BigInt(units + fraction) * scale.factor;
  const milli = timesPowerOfTen(digits, scale.exponent + 3 - fraction.length);
  return { milli: sign === "-" ? -milli : milli, format: scale.format };
}

interface Scale {
  readonly exponent: number;
  readonly factor: bigint;
  readonly format: Quantity["format"];
}

function scaleOf(suffix: string): Scale | undefined {
  const exponent = DECIMAL[suffix];
  if (exponent !== undefined) return { exponent, factor: 1n, format: "decimal" };
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) return { exponent: 0, factor: 1024n ** BigInt(binary), format: "binary" };
  if (!/^[eE][+-]?\d+$/.test(suffix)) return undefined;
  return { exponent: Number(suffix.slice(1)), factor: 1n, format: "exponent" };
}

/** Rounded up where digits fall off: whoever asks for some gets some. */
function timesPowerOfTen(digits: bigint, exponent: number): bigint {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return (digits + divisor - 1n) / divisor;
}

export const isNegative = (quantity: Quantity): boolean => quantity.milli < 0n;
export const isWhole = (quantity: Quantity): boolean => quantity.milli % 1000n === 0n;

/** Canonical text: the largest suffix that loses nothing. */
export function quantityText(quantity: Quantity): string {
  const { milli, format } = quantity;
  if (milli === 0n) return "0";
  const units = milli / 1000n;
  const binary = format === "binary" && isWhole(quantity) && (units <= -1024n || units >= 1024n);
  if (binary) {
    const [amount, power] = stripped(units, 1024n, BINARY.length - 1);
    return `${amount}${BINARY[power]}`;
  }
  const [amount, power] = stripped(milli, 1000n, 7);
  const exponent = power * 3 - 3;
  if (format === "exponent") return exponent === 0 ? `${amount}` : `${amount}e${exponent}`;
  const suffix = Object.keys(DECIMAL).find((name) => DECIMAL[name] === exponent) ?? "";
  return `${amount}${suffix}`;
}

function stripped(amount: bigint, factor: bigint, most: number): readonly [bigint, number] {
  let rest = amount;
  let times = 0;
  while (times < most && rest % factor === 0n) {
    rest /= factor;
    times += 1;
  }
  return [rest, times];
}
