/**
 * Kubernetes quantities ("250m", "1.5Gi", "1e3") as Go's resource.Quantity reads and writes them
 * (k8s.io/apimachinery v0.34.5 pkg/api/resource), its oddities included: they are part of the pod hash.
 */

type Format = "DecimalSI" | "BinarySI" | "DecimalExponent";

interface Quantity {
  /** The value is mantissa × 10^exponent. */
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly format: Format;
  /** The text as it was read, when Go keeps it instead of making it canonical. */
  readonly kept?: string;
}

const decimalExponents = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 } as const;
const binaryShifts = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 } as const;
const decimalSuffixes = new Map<number, string>(Object.entries(decimalExponents).map(([suffix, exp]) => [exp, suffix]));
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const maxInt64 = 2n ** 63n - 1n;
const nano = -9;
const milli = -3;
/** Go does not bound `1e…`, and would fill its memory; no cluster holds such a number. */
const absurdExponent = 4096;

const nearlyAll = /^(?:[1-9]\d{0,2}(?:[KMGTP]i)|(?!\d*000(?!\d))[1-9]\d{0,14}[numkMGTP]?)$/;
const pieces = /^([+-]?)0*(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[+-]?\d*)$/;

/** Removes trailing zeros into the exponent; zero stays as it is. */
function reduced(mantissa: bigint, exponent: number): [bigint, number] {
  let [amount, exp] = [mantissa, exponent];
  while (amount !== 0n && amount % 10n === 0n) [amount, exp] = [amount / 10n, exp + 1];
  return [amount, exp];
}

/** Rounds away from zero to a multiple of 10^scale ("if you want some resources, you should get some"). */
function roundedAway(mantissa: bigint, exponent: number, scale: number): [bigint, number] {
  if (exponent >= scale) return [mantissa, exponent];
  const unit = 10n ** BigInt(scale - exponent);
  const away = mantissa % unit === 0n ? 0n : mantissa < 0n ? -1n : 1n;
  return [mantissa / unit + away, scale];
}

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
 * Go's fast path: small enough for an int64. Only here a text is kept as it was read, even one like "+5" or "1.500".
 * The bound for binary suffixes is Go's own estimate of the digits that they take.
 */
function fast(text: string, sign: bigint, whole: string, fraction: string, unit: Unit): Quantity | undefined {
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
  const amount = { mantissa: sign * (value << BigInt(shift)), exponent, format };
  return kept ? { ...amount, kept: text } : amount;
}
type Unit = NonNullable<ReturnType<typeof interpret>>;

/** ParseQuantity; undefined where Go refuses the text. */
function parse(text: string): Quantity | undefined {
  const match = text === "" ? null : pieces.exec(text);
  if (match === null) return undefined;
  const [, minus, digits = "", fraction = "", suffix = ""] = match;
  const whole = digits === "" ? "0" : digits;
  const unit = interpret(suffix);
  if (unit === undefined) return undefined;
  const sign = minus === "-" ? -1n : 1n;
  const small = fast(text, sign, whole, fraction, unit);
  if (small !== undefined) return small;

  let mantissa = BigInt(whole + fraction) << BigInt(unit.shift);
  let exponent = unit.exponent - fraction.length;
  let { format } = unit;
  [mantissa, exponent] = roundedAway(mantissa, exponent, nano);
  if (format === "BinarySI") {
    const one = 10n ** BigInt(-exponent);
    if (mantissa > maxInt64 * one) [mantissa, exponent] = [maxInt64, 0];
    else if (mantissa < one && mantissa > 0n) format = "DecimalSI";
  }
  return { mantissa: sign * mantissa, exponent, format };
}

/** Whether Go's decoder takes a member of a manifest for a quantity; null is none, and taken. */
export const isQuantity = (value: unknown): boolean =>
  value === null ||
  ((typeof value === "string" || typeof value === "number") && parse(String(value).trim()) !== undefined);

/** Number × suffix with the largest suffix that leaves a whole number (CanonicalizeBytes). */
function written(quantity: Quantity): string {
  if (quantity.kept !== undefined) return quantity.kept;
  if (quantity.mantissa === 0n) return "0";
  let [amount, exponent] = reduced(quantity.mantissa, quantity.exponent);
  const integer = exponent >= 0 ? amount * 10n ** BigInt(exponent) : undefined;
  const small = integer !== undefined && integer > -1024n && integer < 1024n;
  if (quantity.format === "BinarySI" && integer !== undefined && !small) {
    let value = integer;
    let power = 0;
    for (; value % 1024n === 0n; power++) value /= 1024n;
    return `${value}${binarySuffixes[power] ?? ""}`;
  }
  for (; exponent % 3 !== 0; exponent--) amount *= 10n;
  if (quantity.format === "DecimalExponent") return exponent === 0 ? `${amount}` : `${amount}e${exponent}`;
  // Go has no suffix above E and then writes none at all: 1000E becomes "1".
  return `${amount}${decimalSuffixes.get(exponent) ?? ""}`;
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
 * rounds up to thousandths when it stores one (SetDefaults_ResourceList); `resource` says that this is such a quantity.
 */
export function quantityValue(text: string, resource: boolean): string {
  const quantity = parse(text.trim());
  if (quantity === undefined) return text;
  const { mantissa, exponent } = quantity;
  const [amount, exp] = reduced(
    ...(resource ? roundedAway(mantissa, exponent, milli) : ([mantissa, exponent] as const)),
  );
  return amount === 0n ? "0" : `${amount}e${exp}`;
}
