/** Foreign text in HTML. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For the content of elements and for quoted attributes. Controls and signs that turn the direction of writing are made visible. */
export function escaped(text: string): string {
  let safe = '';
  for (const sign of text) {
    const code = sign.codePointAt(0) ?? 0;
    const isHidden = code < 0x20 || (code >= 0x7f && code < 0xa0) || isDirection(code);
    safe += isHidden ? `\\u${code.toString(16).padStart(4, '0')}` : (entities[sign] ?? sign);
  }
  return safe;
}

/** Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX 9). */
function isDirection(code: number): boolean {
  return (
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
}
