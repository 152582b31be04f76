/** Floats as Go prints them. Total: NaN and infinities have their words. */

const special = (value: number): string => (Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");

/** `%v`: the fewest digits that identify the number; with an exponent below 1e-4 and from 1e6 on. */
export function goFloat(value: number): string {
  if (!Number.isFinite(value)) return special(value);
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= 0 && exponent < 6) return String(value);
  const digits = mantissa.replaceAll(/[-.]/g, "");
  if (exponent >= -4 && exponent < 0) return `${value < 0 ? "-" : ""}0.${"0".repeat(-exponent - 1)}${digits}`;
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** More digits than can stand behind the last one that is kept where a number lies exactly between two. */
const BEYOND = 40;

/** `%.2f` and the like, 1 to 20 digits: what lies between two goes to the even one, where toFixed goes away from 0. */
export function goFixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return special(value);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  // From here on toFixed has an exponent; such numbers are whole.
  if (size >= 1e21) return `${sign}${BigInt(size)}.${"0".repeat(digits)}`;
  const exact = size.toFixed(digits + BEYOND);
  const [kept, cut] = [exact.slice(0, -BEYOND), exact.slice(-BEYOND)];
  const isBetween = /^50*$/.test(cut);
  return `${sign}${isBetween && /[02468]\.?$/.test(kept) ? kept : size.toFixed(digits)}`;
}
