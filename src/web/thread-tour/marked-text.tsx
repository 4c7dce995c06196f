/** Text of a claim with its kernel words: `{drain}`, or `{drains|drain}` for another form of it. */

import { Word } from '../parts/word.tsx';

export interface TextPart {
  readonly text: string;
  /** Entry of words.ts; '' for plain text. */
  readonly word: string;
  /** Where it begins in the text. */
  readonly at: number;
}

export function textParts(text: string): TextPart[] {
  let at = 0;
  return text.split(/(\{[^}]*\})/).flatMap((part): TextPart[] => {
    const from = at;
    at += part.length;
    if (part === '') return [];
    if (!part.startsWith('{')) return [{ text: part, word: '', at: from }];
    const [shown, word = shown] = part.slice(1, -1).split('|');
    return [{ text: shown, word, at: from }];
  });
}

export function MarkedText({ text }: { text: string }) {
  return (
    <>
      {textParts(text).map(({ text: shown, word, at }) =>
        word === '' ? (
          shown
        ) : (
          <Word key={at} of={word}>
            {shown}
          </Word>
        ),
      )}
    </>
  );
}

/** A figure and its unit stay on one line. */
export function unbroken(text: string): string {
  return text.replace(/(\d) (%|ns|µs|ms|s\b)/g, '$1\u00a0$2');
}
