/**
 * Kubernetes quantities ("250m", "1.5Gi", "1e3") as Go's resource.Quantity reads and writes them
 * (k8s.io/apimachinery v0.34.5 pkg/api/resource), its oddities included: they are part of the pod hash.
 *
 * Anybody may write texts of any length: nothing here makes a number of more than some 30 digits, and all of it takes
 * linear time.
 */
import { type Decimal, decimal, integerDigits, roundedAway, timesPowerOfTwo, wholeNumber } from "./decimal.ts";

type Format = "DecimalSI" | "BinarySI" | "DecimalExponent";

interface Quantity extends Decimal {
  readonly format: Format;
  /** The text as it was read, when Go keeps it instead of making it canonical. */
  readonly kept?: string;
}

const decimalExponents = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 } as const;
const binaryShifts = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 } as const;
const decimalSuffixes = new Map<number, string>(Object.entries(decimalExponents).map(([suffix, exp]) => [exp, suffix]));
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const ZERO = 0x30;
const maxInt64 = 2n ** 63n - 1n;
const nano = -9;
const milli = -3;
/** Go would allocate all its memory for `1e-1000000000`; no cluster holds such a number. */
const absurdExponent = 100_000;

const nearlyAll = /^(?:[1-9]\d{0,2}(?:[KMGTP]i)|(?!\d*000(?!\d))[1-9]\d{0,14}[numkMGTP]?)$/;
/** It is always clear where digits end, so that matching never backtracks. */
const pieces = /^([+-]?)(\d*)(?:\.(\d*))?((?:[eEinumkKMGTP]+[+-]?|[+-])\d*)?$/;
/** No int64 has more digits. */
const int64Digits = 19;

function interpret(suffix: string): { format: Format; exponent: number; shift: number } | undefined {
  if (Object.hasOwn(decimalExponents, suffix)) {
    return { format: "DecimalSI", exponent: decimalExponents[suffix as keyof typeof decimalExponents], shift: 0 };
  }
  if (Object.hasOwn(binaryShifts, suffix)) {
    return { format: "BinarySI", exponent: 0, shift: binaryShifts[suffix as keyof typeof binaryShifts] };
  }
  if (!/^[eE][+-]?\d+$/.test(suffix)) return undefined;
  const exponent = Number(suffix.slice(1));
  return Math.abs(exponent) > absurdExponent ? undefined : { format: "DecimalExponent", exponent, shift: 0 };
}

/**
 * Go's fast path: small enough for an int64. Only here is a text kept as it was read, even one like "+5" or "1.500".
 * The bound for binary suffixes is Go's own estimate of the digits that they take.
 */
function fast(text: string, negative: boolean, whole: string, fraction: string, unit: Unit): Quantity | undefined {
  const { format, shift } = unit;
  const room =
    format === "BinarySI"
      ? fraction === ""
        ? 15 - whole.length - Math.trunc((shift * 3) / 10) - 1
        : -1
      : 18 - whole.length - fraction.length;
  const exponent = unit.exponent - fraction.length;
  if (room < 0 || exponent < nano) return undefined;
  const digits = whole + fraction;
  const value = BigInt(digits);
  const kept =
    format === "BinarySI"
      ? (value & 7n) !== 0n
      : exponent % 3 === 0 && !digits.endsWith("000") && !digits.startsWith("0");
  const amount = { ...decimal(negative, String(value << BigInt(shift)), exponent), format };
  return kept ? { ...amount, kept: text } : amount;
}
type Unit = NonNullable<ReturnType<typeof interpret>>;

/** ParseQuantity; undefined where Go refuses the text. */
function parse(text: string): Quantity | undefined {
  const match = text === "" ? null : pieces.exec(text);
  if (match === null) return undefined;
  const [, sign, zeros = "", fraction = "", suffix = ""] = match;
  const digits = withoutLeadingZeros(zeros);
  const whole = digits === "" ? "0" : digits;
  const unit = interpret(suffix);
  if (unit === undefined) return undefined;
  const negative = sign === "-";
  const small = fast(text, negative, whole, fraction, unit);
  if (small !== undefined) return small;
  if (zeros + fraction === "") return undefined;

  const { format } = unit;
  const amount = decimal(negative, whole + fraction, unit.exponent - fraction.length);
  if (format !== "BinarySI") return { ...roundedAway(amount, nano), format };
  const most = { ...decimal(negative, String(maxInt64), 0), format };
  if (integerDigits(amount) > int64Digits) return most;
  const shifted = roundedAway(timesPowerOfTwo(amount, unit.shift), nano);
  if (integerDigits(shifted) > int64Digits || wholeNumber(roundedAway(shifted, 0)) > maxInt64) return most;
  return { ...shifted, format: shifted.digits !== "" && integerDigits(shifted) <= 0 ? "DecimalSI" : format };
}

function withoutLeadingZeros(digits: string): string {
  let at = 0;
  while (digits.charCodeAt(at) === ZERO) at++;
  return digits.slice(at);
}

/** The value that Go reads; undefined where it refuses the text. */
export const quantityOf = (text: string): Decimal | undefined => parse(text.trim());

/** Whether Go's decoder accepts a member of a manifest as a quantity; it accepts null, too, as an absent one. */
export const isQuantity = (value: unknown): boolean =>
  value === null ||
  ((typeof value === "string" || typeof value === "number") && parse(String(value).trim()) !== undefined);

/** Number × suffix with the largest suffix that leaves a whole number (CanonicalizeBytes). */
function written(quantity: Quantity): string {
  if (quantity.kept !== undefined) return quantity.kept;
  if (quantity.digits === "") return "0";
  const { negative, digits, exponent, format } = quantity;
  const sign = negative ? "-" : "";
  if (format === "BinarySI" && exponent >= 0) {
    // It fits into an int64.
    let value = wholeNumber(quantity);
    let power = 0;
    if (value >= 1024n) for (; value % 1024n === 0n; power++) value /= 1024n;
    if (power > 0 || value >= 1024n) return `${sign}${value}${binarySuffixes[power] ?? ""}`;
  }
  const zeros = ((exponent % 3) + 3) % 3;
  const [amount, scale] = [`${sign}${digits}${"0".repeat(zeros)}`, exponent - zeros];
  if (format === "DecimalExponent") return scale === 0 ? amount : `${amount}e${scale}`;
  // Go has no suffix above E and then leaves it out: 1000E becomes "1".
  return `${amount}${decimalSuffixes.get(scale) ?? ""}`;
}

/**
 * The text that Go writes for a quantity that it read as `text`: "1000m" → "1", "1024Mi" → "1Gi", "0.5" → "500m".
 * A text that Go refuses is returned as it is (the reference could not have read such a Rollout).
 */
export function canonicalQuantity(text: string): string {
  if (nearlyAll.test(text)) return text;
  const quantity = parse(text.trim());
  return quantity === undefined ? text : written(quantity);
}

/**
 * The value alone, the same for "1Gi" and "1024Mi" (Go compares quantities so). In a list of resources the API server
 * rounds up to thousandths when it stores one (SetDefaults_ResourceList); `resource`: this is such a quantity.
 */
export function quantityValue(text: string, resource: boolean): string {
  const quantity = parse(text.trim());
  if (quantity === undefined) return text;
  const { negative, digits, exponent } = resource ? roundedAway(quantity, milli) : quantity;
  return digits === "" ? "0" : `${negative ? "-" : ""}${digits}e${exponent}`;
}
