/**
 * Functions from additions, multiplications, divisions and square roots alone. ECMAScript leaves the last bits of Math.log and
 * Math.atan to the browser; these operations are exact to the bit everywhere (IEEE 754), so a seed gives one result in all.
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

/** Halvings of the angle before the series: |x| is below 0.1 then. */
const halvings = 4;

/** The angle whose tangent is x, in radians; within a few units of the last place of Math.atan. */
export function arcTangent(x: number): number {
  // tan(a / 2) = tan(a) / (1 + sqrt(1 + tan(a)²)).
  let t = x;
  for (let i = 0; i < halvings; i++) t /= 1 + Math.sqrt(1 + t * t);
  // arctan(t) = t - t³/3 + t⁵/5 - …
  const square = t * t;
  let sum = 0;
  for (let power = lastPower; power > 1; power -= 2)
    sum = (((power & 2) === 0 ? 1 : -1) / power + sum) * square;
  return 2 ** halvings * t * (1 + sum);
}
