/** A figure with how it is known: exact ones plain, modelled ones with a tilde, what cannot be known as a dash; said in words too. */

import type { Basis } from '../../engine/report/verdict.ts';

export function Figure({ text, basis, why = '' }: { text: string; basis: Basis; why?: string }) {
  if (basis === 'exact') return <span class="figure">{text}</span>;
  const reason = why === '' ? '' : `: ${why}`;
  const meaning = basis === 'modelled' ? `modelled${reason}` : `not known${reason}`;
  return (
    <span class={`figure ${basis}`} title={meaning}>
      <span aria-hidden="true">{basis === 'modelled' ? '~' : ''}</span>
      {basis === 'modelled' ? text : '–'}
      <span class="hidden"> ({meaning})</span>
    </span>
  );
}
