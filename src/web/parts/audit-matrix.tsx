/** Sender by victim: as a table on few CPUs, as cells of colour on many, with neighbours together on thousands. */

import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { AuditReport } from '../../audit/audit-report.ts';
import { formatCpuList, parseCpuList } from '../../base/cpu-list.ts';
import { count, plural } from '../../engine/report/numbers.ts';
import { choose, chosen } from '../address.ts';
import { isDark } from '../theme.ts';
import { amountColours, amountStep, amountSteps } from './colours.ts';
import { drawMatrix, type MatrixGroup, matrixGroups, matrixSums } from './pair-matrix.ts';
import { Scrolled } from './scrolled.tsx';
import { useWidth } from './use-width.ts';

/** As many CPUs have room in a table that is read. */
const tableCpusMost = 20;
const cellsMost = 256;
const sideMost = 12;
const pairsShown = 12;

const whats = ['interrupts', 'works', 'calls'] as const;
type What = (typeof whats)[number];
const columnOf: Readonly<Record<What, 2 | 3 | 4>> = { interrupts: 2, calls: 3, works: 4 };

interface Counted {
  readonly sender: number[];
  readonly victim: number[];
  readonly count: number[];
}

export function AuditMatrixPart({ report }: { report: AuditReport }) {
  const { matrix } = report;
  const offered = whats.filter((what) => matrix.rows.some((row) => row[columnOf[what]] > 0));
  const what = offered.find((each) => each === chosen('pairs')) ?? offered[0];
  const pairs = useMemo(() => pairsOf(report, what), [report, what]);
  const isolated = useMemo(() => new Set(parseCpuList(report.isolated.cpus)), [report]);
  if (what === undefined)
    return (
      <section>
        <h2>Sender by victim</h2>
        <p>Not known: no event of this recording says who sent.</p>
      </section>
    );
  const cpus = [...new Set([...pairs.sender, ...pairs.victim])];
  return (
    <section>
      <h2>Sender by victim</h2>
      <label>
        Counted:{' '}
        <select value={what} onChange={({ currentTarget }) => choose({ pairs: currentTarget.value })}>
          {offered.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      {cpus.length <= tableCpusMost ? (
        <PairTable pairs={pairs} isolated={isolated} what={what} />
      ) : (
        <PairPicture pairs={pairs} isolated={isolated} what={what} />
      )}
      {matrix.notKept > 0 && (
        <p class="warning">
          {plural(matrix.notKept, 'disturbance')} of further pairs {matrix.notKept === 1 ? 'is' : 'are'} not
          in this picture: a million pairs are kept.
        </p>
      )}
    </section>
  );
}

function pairsOf({ matrix }: AuditReport, what: What | undefined): Counted {
  const pairs: Counted = { sender: [], victim: [], count: [] };
  if (what === undefined) return pairs;
  for (const row of matrix.rows) {
    if (row[columnOf[what]] === 0) continue;
    pairs.sender.push(row[0]);
    pairs.victim.push(row[1]);
    pairs.count.push(row[columnOf[what]]);
  }
  return pairs;
}

interface PairsProps {
  readonly pairs: Counted;
  readonly isolated: ReadonlySet<number>;
  readonly what: What;
}

function axesOf({ pairs, isolated }: PairsProps): { senders: MatrixGroup[]; victims: MatrixGroup[] } {
  return {
    senders: matrixGroups([...new Set(pairs.sender)], isolated, cellsMost),
    victims: matrixGroups([...new Set(pairs.victim)], isolated, cellsMost),
  };
}

function PairTable(props: PairsProps) {
  const { senders, victims } = axesOf(props);
  const sums = matrixSums(props.pairs, senders, victims);
  const most = Math.max(...sums);
  const dark = isDark();
  const colours = amountColours(dark);
  const name = ({ cpus, isIsolated }: MatrixGroup) => (
    <>
      {cpus[0]}
      {isIsolated && (
        <span class="isolated-mark" title="isolated">
          *<span class="hidden"> isolated</span>
        </span>
      )}
    </>
  );
  return (
    <Scrolled label={`Sender by victim, ${props.what}`}>
      <table class="pairs" aria-label={`Sender by victim, ${props.what}`}>
        <thead>
          <tr>
            <th scope="col">sender \ victim</th>
            {victims.map((victim) => (
              <th scope="col" key={victim.cpus[0]}>
                {name(victim)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {senders.map((sender, row) => (
            <tr key={sender.cpus[0]}>
              <th scope="row">{name(sender)}</th>
              {victims.map((victim, column) => {
                const sum = sums[row * victims.length + column];
                const step = amountStep(sum, most);
                return (
                  <td
                    key={victim.cpus[0]}
                    class={sum === 0 ? 'none' : 'some'}
                    style={sum === 0 ? undefined : cellStyle(colours[step])}
                  >
                    {sum === 0 ? '·' : count(sum)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {props.isolated.size > 0 && <p class="dim">* is isolated.</p>}
    </Scrolled>
  );
}

/** Text in black or white, whichever is read better on the colour. */
function cellStyle(colour: number): { background: string; color: string } {
  const [red, green, blue] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const isBright = 0.299 * red + 0.587 * green + 0.114 * blue > 128;
  return { background: `rgb(${red} ${green} ${blue})`, color: isBright ? '#000' : '#fff' };
}

function PairPicture(props: PairsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const under = useSignal('');
  const width = useWidth(frame).value;
  const dark = isDark();
  const { senders, victims } = useMemo(() => axesOf(props), [props.pairs, props.isolated]);
  const sums = useMemo(() => matrixSums(props.pairs, senders, victims), [props.pairs, senders, victims]);
  const side = Math.max(1, Math.min(sideMost, Math.floor(width / victims.length)));
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || width === 0) return;
    const image = new ImageData(victims.length * side, senders.length * side);
    const steps = amountSteps(Math.max(1, ...sums));
    drawMatrix(new Uint32Array(image.data.buffer), sums, victims.length, side, steps, amountColours(dark));
    context.putImageData(image, 0, 0);
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--isolated');
    const columns = victims.filter(({ isIsolated }) => isIsolated).length;
    const rows = senders.filter(({ isIsolated }) => isIsolated).length;
    if (columns > 0) context.fillRect(columns * side - 1, 0, 1, senders.length * side);
    if (rows > 0) context.fillRect(0, rows * side - 1, victims.length * side, 1);
  }, [sums, side, dark, width, senders, victims]);
  const look = (event: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (box === undefined) return;
    const column = Math.floor((event.clientX - box.left) / side);
    const row = Math.floor((event.clientY - box.top) / side);
    if (row < 0 || row >= senders.length || column < 0 || column >= victims.length) return;
    under.value = `${groupText(senders[row])} to ${groupText(victims[column])}: ${count(sums[row * victims.length + column])} ${props.what}`;
  };
  const together = Math.max(...victims.map(({ cpus }) => cpus.length));
  const isolatedVictims = victims.filter(({ isIsolated }) => isIsolated).length;
  return (
    <>
      <p class="dim">
        A row is a sender, a column a victim
        {isolatedVictims > 0 && ', isolated ones first (above and left of the lines)'}
        {together > 1 && `; up to ${together} neighbours share one`}. Brighter or darker than the ground: more{' '}
        {props.what}, on a logarithmic scale; the most in one cell is {count(Math.max(...sums))}.
      </p>
      <div ref={frame} class="pair-picture">
        <canvas
          ref={canvas}
          width={victims.length * side}
          height={senders.length * side}
          role="img"
          aria-label={`Sender by victim, ${props.what}: ${plural(props.pairs.sender.length, 'pair')}. The pairs with the most are in the table below.`}
          onPointerMove={look}
          onPointerLeave={() => {
            under.value = '';
          }}
        />
      </div>
      <p class="under">{under.value || 'Point at a cell.'}</p>
      <TopPairs {...props} />
    </>
  );
}

function groupText({ cpus, isIsolated }: MatrixGroup): string {
  return `${isIsolated ? 'isolated ' : ''}CPU${cpus.length > 1 ? 's' : ''} ${formatCpuList(cpus)}`;
}

function TopPairs({ pairs, isolated, what }: PairsProps) {
  const order = [...pairs.count.keys()].sort((a, b) => pairs.count[b] - pairs.count[a]).slice(0, pairsShown);
  const name = (cpu: number) => `${cpu}${isolated.has(cpu) ? ' (isolated)' : ''}`;
  return (
    <Scrolled label={`Pairs with the most ${what}`}>
      <table aria-label={`Pairs with the most ${what}`}>
        <thead>
          <tr>
            <th scope="col">Sender</th>
            <th scope="col">victim</th>
            <th scope="col">{what}</th>
          </tr>
        </thead>
        <tbody>
          {order.map((i) => (
            <tr key={`${pairs.sender[i]} ${pairs.victim[i]}`}>
              <th scope="row">{name(pairs.sender[i])}</th>
              <td>{name(pairs.victim[i])}</td>
              <td>{count(pairs.count[i])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}
