import { describe, expect, it } from 'vitest';
import { cpuOrder, drawHeatMap, rowPlan, sharedRows } from './heat-map.ts';
import { rowBands, rowNumbers } from './row-bands.ts';

describe('labels of rows', () => {
  it('name each run of CPUs of one node that are isolated, or are not', () => {
    const machine = {
      isolated: Uint8Array.of(0, 1, 0, 1),
      nodeOfCpu: Int32Array.of(0, 0, 1, 0),
    };
    const plan = rowPlan(cpuOrder(new Uint8Array(4).fill(1), machine.isolated, machine.nodeOfCpu), 400);
    expect([...plan.order]).toEqual([0, 2, 1, 3]);
    expect(rowBands(plan, machine).map(({ name, top, height }) => [name, top, height])).toEqual([
      ['node 0', 0, 14],
      ['node 1', 14, 14],
      ['node 0, isolated', 28, 28],
    ]);
  });

  it('do not overlap, and every CPU has one where there is room', () => {
    expect(rowNumbers(rowPlan(Int32Array.of(3, 1, 2), 400)).map(({ cpu }) => cpu)).toEqual([3, 1, 2]);
    const many = rowNumbers(
      rowPlan(
        Int32Array.from({ length: 8192 }, (_, i) => i),
        420,
      ),
    );
    expect(many.length).toBeGreaterThan(10);
    for (let i = 1; i < many.length; i++)
      expect(many[i].middle - many[i - 1].middle).toBeGreaterThanOrEqual(28);
  });
});

describe('rows that CPUs share', () => {
  it('make the same picture as CPUs one by one', () => {
    const [cpus, columns] = [100, 5];
    const order = Int32Array.from({ length: cpus }, (_, i) => cpus - 1 - i);
    const plan = rowPlan(order, 30);
    const most = Int32Array.from({ length: cpus * columns }, (_, i) => (i * 7919) % 50);
    const steps = Uint8Array.from({ length: 51 }, (_, pages) => pages);
    const colours = Uint32Array.from({ length: 256 }, (_, step) => 0xff000000 + step);
    const direct = new Uint32Array(columns * plan.height);
    drawHeatMap(direct, most, columns, plan, steps, colours);
    const shared = sharedRows(plan, cpus);
    if (shared === null) throw new Error('100 CPUs share 30 rows');
    const rows = new Int32Array(plan.height * columns);
    for (let cpu = 0; cpu < cpus; cpu++) {
      for (let column = 0; column < columns; column++) {
        const at = shared.rowOf[cpu] * columns + column;
        rows[at] = Math.max(rows[at], most[cpu * columns + column]);
      }
    }
    const together = new Uint32Array(columns * plan.height);
    drawHeatMap(together, rows, columns, shared.plan, steps, colours);
    expect([...together]).toEqual([...direct]);
    expect(sharedRows(rowPlan(order, 1000), cpus)).toBeNull();
  });
});
