/** Floats as Go's `%e`, `%f` and `%g` write them, for any number of digits. */

/** The decimal digits of a finite number above 0, all of them; the point stands behind the first `point` ones. */
interface Digits {
  readonly digits: string;
  readonly point: number;
}

function exact(size: number): Digits {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xf_ffff_ffff_ffffn) + (exponent === 0 ? 0n : 1n << 52n);
  const power = Math.max(exponent, 1) - 1_075;
  const digits = String(power >= 0 ? mantissa << BigInt(power) : mantissa * 5n ** BigInt(-power));
  return { digits, point: digits.length + Math.min(power, 0) };
}

function shortest(size: number): Digits {
  const [mantissa = "", power = "0"] = size.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), point: Number(power) + 1 };
}

/** Half to even. */
function rounded({ digits, point }: Digits, keep: number): Digits {
  if (keep >= digits.length) return { digits, point };
  if (keep < 0) return { digits: "", point };
  const [kept, cut] = [digits.slice(0, keep), digits.slice(keep)];
  const isHalf = /^50*$/.test(cut);
  const isUp = isHalf ? /[13579]$/.test(kept) : cut >= "5";
  if (!isUp) return { digits: kept, point };
  const up = String(BigInt(kept || "0") + 1n).padStart(keep, "0");
  return up.length > keep ? { digits: up.slice(0, keep || 1), point: point + 1 } : { digits: up, point };
}

function fixed({ digits, point }: Digits, places: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const rest = point > 0 ? digits.slice(point) : "0".repeat(-point) + digits;
  return places > 0 ? `${whole}.${rest.slice(0, places).padEnd(places, "0")}` : whole;
}

function exponential({ digits, point }: Digits, places: number): string {
  const rest = places > 0 ? `.${digits.slice(1).padEnd(places, "0")}` : "";
  const power = point - 1;
  return `${digits[0] ?? "0"}${rest}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/**
 * @param precision undefined: as many digits as identify the number
 * @param sharp keeps the zeros of `%#g`
 */
export function formatFloat(value: number, verb: "e" | "f" | "g", precision?: number, sharp = false): string {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "+";
  const size = Math.abs(value);
  if (size === Infinity) return `${sign}Inf`;
  const of = (places: (digits: Digits) => number): Digits => {
    if (size === 0) return { digits: "0", point: 1 };
    if (precision === undefined) return shortest(size);
    const all = exact(size);
    return rounded(all, places(all));
  };
  const minus = sign === "-" ? "-" : "";
  if (verb === "e") {
    const it = of(() => (precision ?? 0) + 1);
    return minus + exponential(it, precision ?? it.digits.length - 1);
  }
  if (verb === "f") {
    const it = of(({ point }) => point + (precision ?? 0));
    return minus + fixed(it, precision ?? Math.max(it.digits.length - it.point, 0));
  }
  const wanted = precision === 0 ? 1 : precision;
  const it = of(() => wanted ?? 0);
  const digits = it.digits.replace(/0+$/, "") || "0";
  const count = sharp ? (wanted ?? Math.max(6, digits.length)) : digits.length;
  let limit = wanted ?? 6;
  if (wanted !== undefined && wanted > digits.length && digits.length >= it.point) limit = digits.length;
  if (it.point - 1 < -4 || it.point - 1 >= limit) return minus + exponential({ ...it, digits }, count - 1);
  return minus + fixed({ ...it, digits }, Math.max(count - it.point, 0));
}
