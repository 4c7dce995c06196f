/**
 * The natural logarithm from additions, multiplications and divisions alone. ECMAScript leaves the last bits of Math.log to the
 * browser; these operations are exact to the bit everywhere (IEEE 754), so a seed gives one run in all of them.
 */

const ln2 = Math.LN2;
const halfRoot = Math.SQRT1_2;
/** Odd powers of the series that are summed: 1 … 21. What is left out is below 1e-17 for the arguments that occur. */
const lastPower = 21;

/** ln(x) for a finite x > 0; within 2 units of the last place of Math.log. */
export function naturalLog(x: number): number {
  let mantissa = x;
  let exponent = 0;
  while (mantissa < halfRoot) {
    mantissa *= 2;
    exponent--;
  }
  while (mantissa >= 2 * halfRoot) {
    mantissa /= 2;
    exponent++;
  }
  // ln(m) = 2 artanh((m - 1) / (m + 1)) = 2 (s + s³/3 + s⁵/5 + …), with |s| below 0.172.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let power = lastPower; power > 1; power -= 2) sum = (sum + 1 / power) * square;
  return exponent * ln2 + 2 * s * (1 + sum);
}
