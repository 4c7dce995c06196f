/** Figures of A and B, what they differ by, and whether their intervals overlap; with what that means. */

import { eachText } from '../../engine/report/numbers.ts';
import type { FigureRow, FigureSide } from './compare-figures.ts';
import { Figure } from './figure.tsx';
import { Word } from './word.tsx';

export function FigureTable({ rows, isOne }: { rows: readonly FigureRow[]; isOne: boolean }) {
  return (
    <section>
      <h2>Figures</h2>
      <div class="scrolled compact">
        <table aria-label="Figures of A and B">
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
              <th scope="col">B against A</th>
              {!isOne && <th scope="col">95 % intervals</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, word, a, b, difference, overlap }) => (
              <tr key={name}>
                <th scope="row">
                  <Word of={word}>{name}</Word>
                </th>
                <td>
                  <SideFigure side={a} />
                </td>
                <td>
                  <SideFigure side={b} />
                </td>
                <td>{difference === '' ? '–' : difference}</td>
                {!isOne && <td>{overlap === null ? '–' : overlap ? 'overlap' : <b>apart</b>}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Meaning isOne={isOne} />
    </section>
  );
}

function SideFigure({ side: { text, basis, why, interval } }: { side: FigureSide }) {
  const ends = interval === null || interval[1] - interval[0] < 0.005 ? null : interval;
  return (
    <>
      <Figure text={text} basis={basis} why={why} />
      {ends !== null && <small> {ends.map((end) => eachText(end)).join('–')}</small>}
    </>
  );
}

function Meaning({ isOne }: { isOne: boolean }) {
  if (isOne)
    return (
      <p class="dim">
        Both policies are judged at the same drains, so what they differ by is no matter of chance here. The
        intervals (95 %, <Word>block bootstrap</Word>) say how far another stretch of the same load may be
        from it.
      </p>
    );
  return (
    <p class="dim">
      Small: 95 % interval (<Word>block bootstrap</Word>) over the drains of each. Apart: chance among these
      drains alone does not explain the difference; another recording of the same load may still differ as
      much. Overlap: the difference may be chance; that there is none is not shown.
    </p>
  );
}
