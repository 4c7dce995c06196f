import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machineOf } from '../../../test/hand-made.ts';
import { drawnKernels, drawnSource } from '../../../test/text-fixtures.ts';
import { EventBlock, kindCount } from '../input/event-log.ts';
import { makeRebuild } from './rebuild.ts';

const cpuCount = 4;
const number = fc.oneof(
  fc.integer({ min: -2, max: 8 }),
  fc.constantFrom(2 ** 31, -(2 ** 31), 2 ** 53, 1e18, 4096),
);
const row = fc.record({
  kind: fc.integer({ min: 0, max: kindCount + 2 }),
  cpu: fc.integer({ min: 0, max: cpuCount }),
  pid: fc.integer({ min: 0, max: 3 }),
  pfn: fc.oneof(fc.integer({ min: -1, max: 40 }), fc.constantFrom(2 ** 40, 1e18)),
  order: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(-1, 9, 10, 31, 32, 64, 2 ** 31 - 1)),
  a: number,
  b: number,
  c: number,
  d: number,
  set: fc.option(fc.uint32Array({ maxLength: 3 })),
  text: fc.constantFrom(
    '',
    'snapshot 0 begin x',
    'snapshot 0 end x',
    'snapshot 1 begin y',
    'snapshot 1 end y',
    'snapshot',
  ),
});

describe('rows that no kernel would write', () => {
  it.each(Object.keys(drawnKernels) as Array<keyof typeof drawnKernels>)(
    'neither stop the rebuild nor bring its sets out of step (%s)',
    (kernel) => {
      fc.assert(
        fc.property(fc.array(row, { maxLength: 120 }), (rows) => {
          const machine = machineOf(cpuCount, { zones: ['DMA32', 'Normal'] });
          const snapshot = (count: number) => new Int32Array(cpuCount * 2).fill(count);
          const source = drawnSource(kernel, cpuCount, Array(kindCount).keys());
          let requested = 0;
          let ended = 0;
          const rebuild = makeRebuild(
            source,
            machine,
            [
              { number: 0, label: 'x', pages: snapshot(3) },
              { number: 1, label: 'y', pages: snapshot(-1) },
            ],
            {
              drainRequested({ number, pages, holders, unknown }) {
                expect(number).toBe(requested++);
                for (let cpu = 0; cpu < cpuCount; cpu++) {
                  expect(pages[cpu]).toBeGreaterThanOrEqual(0);
                  expect(holders.has(cpu)).toBe(pages[cpu] > 0);
                  expect(holders.has(cpu) && unknown.has(cpu)).toBe(false);
                }
              },
              drainEnded({ number, targets }) {
                expect(number).toBe(ended++);
                if (targets !== null) expect(targets.words.length).toBe(1);
              },
            },
          );
          rebuild.feed(blockOf(rows));
          const report = rebuild.finish();
          expect(ended).toBe(requested);
          const sum = (classes: Record<string, number>) => Object.values(classes).reduce((a, b) => a + b, 0);
          expect(sum(report.drainDifferences)).toBe(report.drainsCompared - report.drainsEqual);
          expect(sum(report.holderDifferences)).toBe(report.holdersCompared - report.holdersEqual);
          expect(sum(report.listDifferences)).toBe(report.listsCompared - report.listsEqual);
        }),
        { numRuns: 300 },
      );
    },
  );
});

function blockOf(rows: ReadonlyArray<ReturnType<typeof row.generate>['value']>): EventBlock {
  const block = new EventBlock();
  for (const [i, { kind, cpu, pid, pfn, order, a, b, c, d, set, text }] of rows.entries()) {
    block.timeNs[i] = i * 1000;
    block.kind[i] = kind;
    block.cpu[i] = cpu;
    block.pid[i] = pid;
    block.pfn[i] = pfn;
    block.order[i] = order;
    [block.a[i], block.b[i], block.c[i], block.d[i]] = [a, b, c, d];
    if (set !== null) block.cpuSets.set(i, set);
    block.texts.set(i, text);
  }
  block.length = rows.length;
  return block;
}
