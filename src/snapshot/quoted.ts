/** Foreign text in a sentence: short, and without signs that would steer a terminal. */
export function quoted(text: string, charactersMax = 60): string {
  return text.slice(0, charactersMax).replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
}
