/**
 * Decimal numbers of any length as their digits: reading, rounding and scaling take linear time, where BigInt takes
 * more.
 */

export interface Decimal {
  readonly negative: boolean;
  /** Without zeros at either end; "" is nought. The value is digits × 10^exponent. */
  readonly digits: string;
  readonly exponent: number;
}

const ZERO = 0x30;
const NINE = 0x39;

export function decimal(negative: boolean, digits: string, exponent: number): Decimal {
  let [from, to] = [0, digits.length];
  while (from < to && digits.charCodeAt(from) === ZERO) from++;
  while (to > from && digits.charCodeAt(to - 1) === ZERO) to--;
  if (from === to) return { negative: false, digits: "", exponent: 0 };
  return { negative, digits: digits.slice(from, to), exponent: exponent + digits.length - to };
}

/** How many digits stand before the point; zero or less for 0.5, 0.05, … */
export const integerDigits = ({ digits, exponent }: Decimal): number => digits.length + exponent;

/** Rounds away from zero to a multiple of 10^scale ("if you want some resources, you should get some"). */
export function roundedAway(value: Decimal, scale: number): Decimal {
  const { negative, digits, exponent } = value;
  if (exponent >= scale || digits === "") return value;
  // What is cut off is not zero, since the last digit is not.
  return decimal(negative, incremented(digits.slice(0, Math.max(0, digits.length - (scale - exponent)))), scale);
}

function incremented(digits: string): string {
  let at = digits.length;
  while (at > 0 && digits.charCodeAt(at - 1) === NINE) at--;
  const zeros = "0".repeat(digits.length - at);
  return at === 0 ? `1${zeros}` : `${digits.slice(0, at - 1)}${Number(digits[at - 1]) + 1}${zeros}`;
}

/** Digits in a piece: few enough for fast multiplication, and many enough for there to be few pieces. */
const PIECE = 300;
const PIECE_SIZE = 10n ** BigInt(PIECE);

/** Long multiplication, piece by piece. */
export function timesPowerOfTwo({ negative, digits, exponent }: Decimal, power: number): Decimal {
  const pieces: string[] = [];
  let carried = 0n;
  for (let end = digits.length; end > 0; end -= PIECE) {
    const product = (BigInt(digits.slice(Math.max(0, end - PIECE), end)) << BigInt(power)) + carried;
    pieces.push(String(product % PIECE_SIZE).padStart(PIECE, "0"));
    carried = product / PIECE_SIZE;
  }
  return decimal(negative, `${carried}${pieces.toReversed().join("")}`, exponent);
}

/** The absolute value of a decimal that is whole and not too long: takes more than linear time in its digits. */
export const wholeNumber = ({ digits, exponent }: Decimal): bigint =>
  digits === "" ? 0n : BigInt(digits) * 10n ** BigInt(exponent);
