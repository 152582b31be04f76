/** Numbers in texts, as Go's strconv reads them. */

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const HEXADECIMAL = /^([+-]?)0x([\da-f]*)\.?([\da-f]*)p([+-]?\d+)$/i;
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;
/** Underscores that do not stand between digits, or behind 0x. */
const MISPLACED = /^_|_$|__|[^\da-fA-F_xX]_|_[^\da-fA-F]/;

const MAX_LENGTH = 10_000;
const LIMIT = 2n ** 63n;

/** Undefined when the text is not an integer of 64 bits. */
export function parsedInteger(text: string): bigint | undefined {
  if (text.length > MAX_LENGTH || !INTEGER.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return value >= -LIMIT && value < LIMIT ? value : undefined;
}

/** Undefined when the text is not a number, or is beyond all floats. */
export function parsedFloat(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [, sign, special] = SPECIAL.exec(text) ?? [];
  if (special !== undefined) {
    const value = special.toLowerCase() === "nan" ? Number.NaN : Infinity;
    return sign === "-" ? -value : value;
  }
  const digits = text.includes("_") && !MISPLACED.test(text) ? text.replaceAll("_", "") : text;
  const value = DECIMAL.test(digits) ? Number(digits) : hexadecimal(digits);
  return value === undefined || !Number.isFinite(value) ? undefined : value;
}

/** `0x1.8p3`; exact as long as the digits fit into a float. */
function hexadecimal(text: string): number | undefined {
  const [, sign, whole = "", fraction = "", exponent = "0"] = HEXADECIMAL.exec(text) ?? [];
  if (sign === undefined || whole + fraction === "") return undefined;
  const value = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === "-" ? -value : value;
}
