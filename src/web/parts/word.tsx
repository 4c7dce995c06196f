/** A kernel word with its explanation on hover and on focus. */

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { words } from '../words.ts';
import '../styles/word.css';

/** `of`: the word to look up, where the text is another form of it (plural, capital). */
export function Word({ children, of }: { children: ComponentChildren; of?: string }) {
  const id = useId();
  const explanation = words[of ?? String(children)];
  if (explanation === undefined) return <>{children}</>;
  return (
    <span class="word">
      <button type="button" class="word-text" aria-describedby={id}>
        {children}
      </button>
      <span class="word-meaning" role="tooltip" id={id}>
        {explanation}
      </span>
    </span>
  );
}
