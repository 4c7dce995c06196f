/** Numbers for people, the same on every machine and in every language setting. */

/** 12345 → `12,345`. */
export function count(value: number): string {
  const digits = Math.round(Math.abs(value)).toString();
  const grouped = digits.replace(/\B(?=(\d{3})+$)/g, ',');
  return value < 0 && digits !== '0' ? `-${grouped}` : grouped;
}

/** 45.832 → `45.8 %`. */
export function percent(value: number, decimals = 1): string {
  return `${withoutMinusZero(value.toFixed(decimals))} %`;
}

/** 3.1416 → `3.14`. */
export function decimal(value: number, decimals = 2): string {
  return withoutMinusZero(value.toFixed(decimals));
}

/** Something a drain: `0`, `3.14`, `4,095`. */
export function eachText(value: number): string {
  if (value === 0) return '0';
  return Math.abs(value) >= 1000 ? count(value) : decimal(value);
}

/** Nanoseconds with the unit that reads best: `3.4 µs`, `8.1 ms`. */
export function duration(ns: number): string {
  if (ns < 1e3) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${threeDigits(ns / 1e3)} µs`;
  if (ns < 1e9) return `${threeDigits(ns / 1e6)} ms`;
  return `${threeDigits(ns / 1e9)} s`;
}

/** `1 drain`, `2 drains`. */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`;
}

function threeDigits(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function withoutMinusZero(text: string): string {
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text;
}
