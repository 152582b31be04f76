/**
 * Resource quantities (`100m`, `1.5Gi`, `2e3`) to be compared, with the text in which errors quote them. Like the
 * reference's defaulting, they are rounded up to thousandths (docs/behaviour/validation.md#quantities).
 */
import { type Decimal, integerDigits, roundedAway, wholeNumber } from "../object/decimal.ts";
import { canonicalQuantity, quantityOf } from "../object/quantity.ts";
import { spend } from "../object/budget.ts";

export interface Quantity {
  /** The amount in thousandths. */
  readonly milli: bigint;
  /** As Go writes it: "1024Mi" is "1Gi". */
  readonly text: string;
}

const FORM_RULE = String.raw`quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`;

/**
 * Kubernetes accepts quantities of any size, and takes seconds for those of 100,000 digits. Sluice accepts as many
 * digits after the point as Kubernetes, and at most this many before it.
 */
const MAX_DIGITS = 1_000;
const SIZE_RULE = `quantities must have at most ${MAX_DIGITS} digits before the point`;

const MILLI = -3;
/** Characters that can be read in one step of the budget. */
const READ_PER_STEP = 4;
const READING = "reading quantities";

/** The form of nearly all quantities, for speed; a review has dozens of them. */
const USUAL = /^([1-9]\d{0,8})(m|[KMG]i)?$/;
const THOUSANDTHS: ReadonlyMap<string, bigint> = new Map([
  ["m", 1n],
  ["", 1_000n],
  ["Ki", 1_000n << 10n],
  ["Mi", 1_000n << 20n],
  ["Gi", 1_000n << 30n],
]);

function usual(value: unknown): Quantity | undefined {
  const [text, digits = "", unit = ""] = typeof value === "string" ? (USUAL.exec(value) ?? []) : [];
  const thousandths = THOUSANDTHS.get(unit);
  if (text === undefined || thousandths === undefined) return undefined;
  spend(text.length / READ_PER_STEP, READING);
  return { milli: BigInt(digits) * thousandths, text: canonicalQuantity(text) };
}

/** A quantity from a manifest's number or string; undefined when it is not one (`quantityRule` gives the reason). */
export function parseQuantity(value: unknown): Quantity | undefined {
  return usual(value) ?? unusual(value);
}

function unusual(value: unknown): Quantity | undefined {
  const amount = read(value);
  if (amount === undefined || integerDigits(amount) > MAX_DIGITS) return undefined;
  const rounded = roundedAway(amount, MILLI);
  const size = wholeNumber({ ...rounded, exponent: rounded.exponent - MILLI });
  const milli = rounded.negative ? -size : size;
  return { milli, text: canonicalQuantity(rounded === amount ? String(value) : `${milli}m`) };
}

/** The rule that a value breaks which is not a quantity to `parseQuantity`. */
export function quantityRule(value: unknown): string {
  return read(value) === undefined ? FORM_RULE : SIZE_RULE;
}

/** The quantity as Go reads it; here white space around it is refused, and so is one without a digit. */
function read(value: unknown): Decimal | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const text = String(value);
  spend(text.length / READ_PER_STEP, READING);
  return /^[+-]?\.?\d/.test(text) && !/\s$/.test(text) ? quantityOf(text) : undefined;
}

export const isNegative = (quantity: Quantity): boolean => quantity.milli < 0n;
export const isWhole = (quantity: Quantity): boolean => quantity.milli % 1000n === 0n;
