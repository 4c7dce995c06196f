/** A plain text area with line numbers, mistakes marked where they are, and suggestions at the cursor. */

import { useSignal } from '@preact/signals';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { ScenarioMistake } from '../../thread/messages.ts';
import type { Completion } from './completion.ts';

interface CodeAreaProps {
  readonly label: string;
  readonly text: string;
  readonly rows: number;
  readonly mistakes: readonly ScenarioMistake[];
  readonly onText: (text: string) => void;
  readonly completionAt?: (text: string, cursor: number) => Completion;
  readonly lengthMax: number;
}

const shownMax = 8;

export function CodeArea(props: CodeAreaProps) {
  const { label, text, rows, mistakes, onText, completionAt, lengthMax } = props;
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const scroll = useSignal({ top: 0, left: 0 });
  const open = useSignal<Completion | null>(null);
  const at = useSignal(0);
  /** Where the cursor goes once the text with a suggestion in it is shown. */
  const wanted = useRef(-1);
  useLayoutEffect(() => {
    if (wanted.current < 0) return;
    area.current?.setSelectionRange(wanted.current, wanted.current);
    wanted.current = -1;
  }, [text]);

  const suggest = (value: string, asked: boolean) => {
    const cursor = area.current?.selectionStart ?? 0;
    const found = completionAt?.(value, cursor) ?? null;
    const typed = found === null ? '' : value.slice(found.from, found.to);
    const done = found?.suggestions.length === 1 && found.suggestions[0].label === typed;
    const isOpen = found !== null && found.suggestions.length > 0 && !done && (asked || typed !== '');
    open.value = isOpen ? found : null;
    at.value = 0;
  };
  const accept = (position: number) => {
    const completion = open.value;
    if (completion === null) return;
    const { insert } = completion.suggestions[position];
    const rest = text.slice(completion.to).replace(/^[\w-]*/, '');
    const tail = insert.endsWith(': ') && rest.startsWith(':') ? insert.slice(0, -2) : insert;
    wanted.current = completion.from + tail.length;
    open.value = null;
    onText(text.slice(0, completion.from) + tail + rest);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      suggest(text, true);
      return;
    }
    const shown = open.value?.suggestions.length ?? 0;
    if (shown === 0) return;
    const move = { ArrowDown: 1, ArrowUp: shown - 1 }[event.key];
    if (move !== undefined) at.value = (at.value + move) % shown;
    else if (event.key === 'Enter') accept(at.value);
    else if (event.key === 'Escape') open.value = null;
    else {
      if (/^(?:Arrow|Home|End|Page)/.test(event.key)) open.value = null;
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const lines = text.split('\n');
  const suggestion = open.value?.suggestions[at.value];
  // What is half written is not called wrong.
  const writtenLine = open.value === null ? 0 : text.slice(0, open.value.from).split('\n').length;
  return (
    <div class="code-area">
      <div class="code-lines" aria-hidden="true">
        <pre style={{ transform: `translateY(${-scroll.value.top}px)` }}>
          {lines.map((_, i) => i + 1).join('\n')}
        </pre>
      </div>
      <div class="code-text">
        <div class="code-marks" aria-hidden="true">
          <div style={{ transform: `translate(${-scroll.value.left}px, ${-scroll.value.top}px)` }}>
            {mistakes
              .filter(({ line }) => line > 0 && line !== writtenLine)
              .map(({ line, message }) => (
                <span
                  key={`${line} ${message}`}
                  class="code-mark"
                  style={{ top: `calc(var(--code-line) * ${line - 1})` }}
                >
                  <span class="code-indent">{lines[line - 1]}</span> ← {message}
                </span>
              ))}
          </div>
        </div>
        <textarea
          ref={area}
          aria-label={label}
          aria-autocomplete={completionAt === undefined ? undefined : 'list'}
          aria-controls={suggestion === undefined ? undefined : `${id}-list`}
          aria-activedescendant={suggestion === undefined ? undefined : `${id}-${at.value}`}
          aria-invalid={mistakes.length > 0}
          aria-describedby={`${id}-said`}
          rows={rows}
          maxLength={lengthMax}
          wrap="off"
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          value={text}
          onInput={({ currentTarget }) => {
            onText(currentTarget.value);
            suggest(currentTarget.value, false);
          }}
          onKeyDown={onKeyDown}
          onClick={() => {
            open.value = null;
          }}
          onBlur={() => {
            open.value = null;
          }}
          onScroll={({ currentTarget }) => {
            scroll.value = { top: currentTarget.scrollTop, left: currentTarget.scrollLeft };
          }}
        />
        {open.value !== null && (
          <Suggestions
            id={id}
            completion={open.value}
            at={at.value}
            text={text}
            scroll={scroll.value}
            onTake={accept}
          />
        )}
      </div>
      <p class="hidden" role="status" id={`${id}-said`}>
        {suggestion === undefined
          ? ''
          : `${suggestion.label}, ${at.value + 1} of ${open.value?.suggestions.length}. ${suggestion.description}`}
      </p>
    </div>
  );
}

interface SuggestionsProps {
  readonly id: string;
  readonly completion: Completion;
  readonly at: number;
  readonly text: string;
  readonly scroll: { readonly top: number; readonly left: number };
  readonly onTake: (position: number) => void;
}

/** Below the word that is written. */
function Suggestions({ id, completion, at, text, scroll, onTake }: SuggestionsProps) {
  const { suggestions, from } = completion;
  const line = text.slice(0, from).split('\n').length;
  const column = from - (text.lastIndexOf('\n', from - 1) + 1);
  const first = Math.max(0, Math.min(at - shownMax + 1, suggestions.length - shownMax));
  return (
    <div
      class="suggestions"
      id={`${id}-list`}
      role="listbox"
      aria-label="Suggestions"
      style={{
        top: `calc(var(--code-line) * ${line} - ${scroll.top}px + 0.4rem)`,
        left: `min(calc(${column}ch - ${scroll.left}px), 40%)`,
      }}
    >
      {suggestions.map(({ label, description }, i) => (
        <div
          key={label}
          id={`${id}-${i}`}
          role="option"
          tabIndex={-1}
          hidden={i < first || i >= first + shownMax}
          aria-selected={i === at}
          // The text keeps the focus.
          onMouseDown={(event) => {
            event.preventDefault();
            onTake(i);
          }}
        >
          <strong>{label}</strong> <small>{description}</small>
        </div>
      ))}
    </div>
  );
}
