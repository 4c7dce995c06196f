/** What a drain of every zone would do on a host now, under each policy. */

import type { Bounds, CensusPolicy, HostCensus } from '../../census/host-census.ts';
import { count } from '../../engine/report/numbers.ts';
import { Figure } from './figure.tsx';
import { type SortedColumn, SortedTable } from './sorted-table.tsx';
import { Word } from './word.tsx';

export function CensusPolicies({ census }: { census: HostCensus }) {
  const figure = (
    name: string,
    head: SortedColumn<CensusPolicy>['head'],
    of: (row: CensusPolicy) => Bounds,
  ) => ({
    name,
    head,
    by: (row: CensusPolicy) => of(row)[1],
    cell: (row: CensusPolicy) => <Figure text={boundsText(of(row))} basis="exact" />,
  });
  const columns: Array<SortedColumn<CensusPolicy>> = [
    {
      name: 'policy',
      head: <Word>policy</Word>,
      by: ({ name }) => name,
      cell: ({ name, isKernels }) => (
        <>
          <Word>{name}</Word> {isKernels && <small>this kernel’s own</small>}
        </>
      ),
    },
    figure('interrupts', <Word of="interrupt">interrupts</Word>, ({ interrupts }) => interrupts),
    figure('disturbed', 'CPUs disturbed', ({ disturbed }) => disturbed),
    figure('useless', <Word>useless</Word>, ({ useless }) => useless),
    figure('isolated', <Word>isolated</Word>, ({ isolatedDisturbed }) => isolatedDisturbed),
    figure('works', <Word of="worker">works</Word>, ({ workers }) => workers),
    figure('lists locked', <Word of="remote">lists locked</Word>, ({ locked }) => locked),
    figure('pages back', 'pages back', ({ pagesBack }) => pagesBack),
    figure('pages left', <Word of="stranded">pages left</Word>, ({ strandedPages }) => strandedPages),
  ];
  const isUncertain = census.policies.some(({ basis }) => basis !== 'exact');
  return (
    <section>
      <h2>
        What a <Word>drain</Word> would do now
      </h2>
      <SortedTable
        label="A drain now"
        orderKey="policies"
        columns={columns}
        rows={census.policies}
        keyOf={({ name }) => name}
      />
      <p class="dim">
        Exact for the lists as they were read, every 10 s; a range is over the CPUs that could ask
        {isUncertain && ', and wider since some counts are not known'}.
      </p>
    </section>
  );
}

function boundsText([least, most]: Bounds): string {
  return least === most ? count(least) : `${count(least)}–${count(most)}`;
}
