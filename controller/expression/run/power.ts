/**
 * `a ** b` with Go's results, not always JavaScript's: 1 to any power is 1, and whole powers are multiplied up
 * from halves and squares, so that the last digits agree.
 */

const LARGEST_WHOLE = 2 ** 63;

export function power(base: number, exponent: number): number {
  if (exponent === 0 || base === 1) return 1;
  if (Number.isNaN(base) || Number.isNaN(exponent)) return Number.NaN;
  if (exponent === 1) return base;
  if (base === -1 && !Number.isFinite(exponent)) return 1;
  if (base === 0 || !Number.isFinite(base) || !Number.isFinite(exponent)) return Math.pow(base, exponent);
  if (exponent === 0.5) return Math.sqrt(base);
  if (exponent === -0.5) return 1 / Math.sqrt(base);
  const size = Math.abs(exponent);
  const whole = Math.trunc(size);
  if (whole !== size && base < 0) return Number.NaN;
  // The product would be 0 or infinite long before this.
  if (whole >= LARGEST_WHOLE) return Math.pow(base, exponent);
  return multiplied(base, whole, { rest: size - whole, inverted: exponent < 0 });
}

function multiplied(base: number, whole: number, how: { readonly rest: number; readonly inverted: boolean }): number {
  // The nearest whole power leaves at most a half to the logarithm.
  const up = how.rest > 0.5;
  const rest = up ? how.rest - 1 : how.rest;
  let product = rest === 0 ? 1 : Math.exp(rest * Math.log(base));
  let scale = 0;
  let [factor, factorScale] = halved(base);
  for (let left = BigInt(whole) + (up ? 1n : 0n); left > 0n; left >>= 1n) {
    // Beyond all exponents that a float can have: the result is certain.
    if (Math.abs(factorScale) > 4_096) {
      scale += factorScale;
      break;
    }
    if ((left & 1n) === 1n) {
      product *= factor;
      scale += factorScale;
    }
    factor *= factor;
    factorScale *= 2;
    if (Math.abs(factor) < 0.5) {
      factor *= 2;
      factorScale--;
    }
  }
  return how.inverted ? scaledBy(1 / product, -scale) : scaledBy(product, scale);
}

/** A number as a fraction of at least a half and a power of two. */
function halved(value: number): readonly [fraction: number, exponent: number] {
  let exponent = Math.max(-1_023, Math.floor(Math.log2(Math.abs(value)))) + 1;
  let fraction = scaledBy(value, -exponent);
  if (Math.abs(fraction) >= 1) {
    fraction /= 2;
    exponent++;
  }
  while (Math.abs(fraction) < 0.5) {
    fraction *= 2;
    exponent--;
  }
  return [fraction, exponent];
}

const STEP = 1_000;

/** value × 2^exponent, rounded once. */
function scaledBy(value: number, exponent: number): number {
  let [scaled, left] = [value, exponent];
  for (; left > STEP && Number.isFinite(scaled); left -= STEP) scaled *= 2 ** STEP;
  for (; left < -STEP && scaled !== 0; left += STEP) scaled *= 2 ** -STEP;
  return scaled * 2 ** Math.min(Math.max(left, -STEP), STEP);
}
