/** Results (a Verdict, a Comparison, a HostCensus) as JSON: the same bytes from the command line, the library and the page. */

/** Fractions have at most four decimals, and lists of numbers stand on one line. Ends with a line feed. */
export function writeJson(result: object): string {
  const text = JSON.stringify(result, (_, value) => (typeof value === 'number' ? rounded(value) : value), 2);
  return `${text.replace(/\[\n\s+(-?[\d.e+-]+(?:,\n\s+-?[\d.e+-]+)*)\n\s+\]/g, oneLine)}\n`;
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Math.round(value * 1e4) / 1e4;
}

function oneLine(_: string, numbers: string): string {
  return `[${numbers.replace(/,\n\s+/g, ', ')}]`;
}
