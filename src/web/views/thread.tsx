/** The mail of 30 December 2011, claim by claim: what is said, what it means, an experiment beside it, and what came out. */

import { useEffect, useRef } from 'preact/hooks';
import { choose, chosen } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import { Word } from '../parts/word.tsx';
import { type Claim, type Evidence, outcomes } from '../thread-tour/claim.ts';
import { claims } from '../thread-tour/claims.ts';
import { ExperimentPanel } from '../thread-tour/experiment-panel.tsx';
import { MarkedText, unbroken } from '../thread-tour/marked-text.tsx';
import '../styles/verdict.css';
import '../styles/thread.css';

function positionOf(name: string): number {
  return Math.max(
    0,
    claims.findIndex((claim) => claim.name === name),
  );
}

function show(position: number): void {
  const claim = claims[position];
  if (claim !== undefined) choose({ claim: claim.name });
}

export function ThreadView() {
  const at = positionOf(chosen('claim'));
  const claim = claims[at];
  useKeys(
    [
      { key: 'ArrowRight', what: 'next claim', run: () => show(positionOf(chosen('claim')) + 1) },
      { key: 'ArrowLeft', what: 'claim before', run: () => show(positionOf(chosen('claim')) - 1) },
    ],
    [],
  );
  return (
    <div class="thread">
      <Steps at={at} />
      <article>
        <Heading claim={claim} at={at} />
        <div class="beside">
          <Said claim={claim} />
          <ExperimentPanel key={claim.name} claim={claim} />
          <Outcome claim={claim} />
        </div>
        <Turn at={at} />
      </article>
    </div>
  );
}

function Steps({ at }: { at: number }) {
  return (
    <nav class="steps" aria-label="Claims">
      <p class="dim">
        The mail of 30 December 2011 on “mm: Only IPI CPUs to drain local pages if they exist”: Mel Gorman
        answers Gilad Ben-Yossef.
      </p>
      <ol>
        {claims.map(({ name, title, outcome }, position) => (
          <li key={name}>
            <a
              href={`#view=thread&claim=${name}`}
              aria-current={position === at ? 'step' : undefined}
              onClick={(event) => {
                event.preventDefault();
                show(position);
              }}
            >
              {title}
              <span class={`mark ${outcome.kind}`} title={outcomes[outcome.kind].text}>
                <span aria-hidden="true">{outcomes[outcome.kind].mark}</span>
                <span class="hidden"> ({outcomes[outcome.kind].text})</span>
              </span>
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Heading({ claim, at }: { claim: Claim; at: number }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // The first step is shown, not jumped to.
    if (!first.current) {
      heading.current?.focus({ preventScroll: true });
      heading.current?.scrollIntoView({ block: 'nearest' });
    }
    first.current = false;
  }, [at]);
  return (
    <header>
      <p class="dim">
        Claim {at + 1} of {claims.length}
      </p>
      <h1 ref={heading} tabIndex={-1}>
        {claim.title}
      </h1>
    </header>
  );
}

/** When, and how it stands in the mail. */
const written = {
  'Mel Gorman': '30 December 2011,',
  'Gilad Ben-Yossef': '25 December 2011, quoted in',
} as const;

function Said({ claim: { quotes, meaning, expect } }: { claim: Claim }) {
  return (
    <section class="said" aria-label="The claim">
      {quotes.map(({ who, lines, text }) => (
        <figure key={lines + text}>
          <blockquote>{text}</blockquote>
          <figcaption>
            {who}, {written[who]} {/[–-]/.test(lines) ? 'lines' : 'line'} {lines}
          </figcaption>
        </figure>
      ))}
      <h2>What it means</h2>
      <p>
        <MarkedText text={meaning} />
      </p>
      <h2>What to expect</h2>
      <p>
        <MarkedText text={expect} />
      </p>
    </section>
  );
}

function Outcome({ claim: { outcome, real } }: { claim: Claim }) {
  const { mark, text } = outcomes[outcome.kind];
  return (
    <section class={`outcome ${outcome.kind}`} aria-label="What came out">
      <h2>
        <span aria-hidden="true" class={`mark ${outcome.kind}`}>
          {mark}
        </span>{' '}
        {text}
      </h2>
      <p>
        <MarkedText text={outcome.text} />
      </p>
      <h3>What real kernels said</h3>
      <ul>
        {real.map((evidence) => (
          <li key={evidence.text}>
            {unbroken(evidence.text)} <Basis evidence={evidence} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const toldBy = { counted: 'counted by the kernel', configured: 'from its configuration' } as const;

function Basis({ evidence: { basis, source } }: { evidence: Evidence }) {
  if (basis === 'not-known') return null;
  return (
    <small>
      {basis === 'exact' ? <Word>exact</Word> : toldBy[basis]}; {source}
    </small>
  );
}

function Turn({ at }: { at: number }) {
  const before = claims[at - 1];
  const next = claims[at + 1];
  return (
    <p class="turn">
      {before === undefined ? (
        <span />
      ) : (
        <button type="button" onClick={() => show(at - 1)}>
          ← {before.title}
        </button>
      )}
      {next !== undefined && (
        <button type="button" class="main" onClick={() => show(at + 1)}>
          {next.title} →
        </button>
      )}
    </p>
  );
}
