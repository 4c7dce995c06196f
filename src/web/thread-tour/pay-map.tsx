/** Where a mask pays: number of CPUs by share of them that hold pages, with a letter in each cell. */

import { count } from '../../engine/report/numbers.ts';
import type { PayRow } from './claim.ts';

const shares = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

const kinds = {
  S: { name: 'always', what: 'selective is cheaper, even if the mask takes a new page' },
  s: { name: 'cpu-only', what: 'selective is cheaper, if the mask comes from the CPU’s own objects' },
  E: { name: 'never', what: 'everyone is cheaper' },
} as const;

export function payLetter({ cpus, maskFromCpu, maskNewPage }: PayRow, share: number): keyof typeof kinds {
  const holders = (share * cpus) / 100;
  if (holders <= maskNewPage) return 'S';
  return holders <= maskFromCpu ? 's' : 'E';
}

export function PayMap({ rows }: { rows: readonly PayRow[] }) {
  return (
    <figure class="pay-map">
      <div class="scrolled">
        <table>
          <caption>
            Which is cheaper, by number of CPUs and the share of them that holds pages, in percent
          </caption>
          <thead>
            <tr>
              <th scope="col">CPUs</th>
              {shares.map((share) => (
                <th scope="col" key={share}>
                  {share}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.cpus}>
                <th scope="row">{count(row.cpus)}</th>
                {shares.map((share) => {
                  const letter = payLetter(row, share);
                  return (
                    <td key={share} class={kinds[letter].name}>
                      {letter}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <figcaption>
        {Object.entries(kinds).map(([letter, { name, what }]) => (
          <span key={letter}>
            <b class={name}>{letter}</b> {what}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
