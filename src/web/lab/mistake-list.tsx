/** What is wrong with a text, each a button that goes to its line. */

import { plural } from '../../engine/report/numbers.ts';
import type { ScenarioMistake } from '../../thread/messages.ts';

interface MistakeListProps {
  readonly mistakes: readonly ScenarioMistake[];
  /** Name of the text area in which they are. */
  readonly label: string;
}

export function MistakeList({ mistakes, label }: MistakeListProps) {
  if (mistakes.length === 0) return null;
  return (
    <section class="mistakes" aria-label={plural(mistakes.length, 'mistake')}>
      <ul>
        {mistakes.map(({ line, column, message }) => (
          <li key={`${line}:${column} ${message}`}>
            {line > 0 && (
              <button type="button" onClick={() => goTo(label, line, column)}>
                line {line}
                {column > 0 && `:${column}`}
              </button>
            )}{' '}
            {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

function goTo(label: string, line: number, column: number): void {
  const area = [...document.querySelectorAll('textarea')].find(
    (candidate) => candidate.getAttribute('aria-label') === label,
  );
  if (area === undefined) return;
  const before = area.value.split('\n').slice(0, line - 1);
  const at = before.reduce((sum, text) => sum + text.length + 1, 0) + Math.max(0, column - 1);
  area.focus();
  area.setSelectionRange(at, at);
  const lineHeight = Number.parseFloat(getComputedStyle(area).lineHeight);
  area.scrollTop = Math.max(0, (line - 4) * lineHeight);
}
