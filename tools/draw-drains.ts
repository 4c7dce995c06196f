/**
 * Draws the picture of the README: each column is a drain of a recording, each row a CPU. A cell is dark when the CPU
 * held pages; the strips below say how many other CPUs each policy would have interrupted.
 *
 * usage: npx tsx tools/draw-drains.ts RECORDING_FOLDER > docs/drains.svg
 */

import { join } from 'node:path';
import { loadRecordingFolder } from '../src/cli/recording-folder.ts';
import type { DrainRequest } from '../src/engine/input/drain-request.ts';
import { makeRebuild } from '../src/engine/model/rebuild.ts';
import { policyByName } from '../src/engine/policy/by-name.ts';
import { Decision, decide } from '../src/engine/policy/decide.ts';
import { openTraceFile } from '../src/trace/node-source.ts';

const policyNames = ['everyone', 'two-pass', 'static-mask'];
const stripWidth = 868;
const cellHeight = 16;
const left = 96;
const top = 44;

interface Column {
  readonly pages: number[];
  readonly interrupts: number[];
}

async function readColumns(folder: string): Promise<{ columns: Column[]; cpuCount: number }> {
  const path = join(folder, 'trace.dat');
  const reader = await openTraceFile(path);
  const { machine, snapshots } = loadRecordingFolder(path, reader.cpuCount);
  const columns: Column[] = [];
  const policies = policyNames.map((name) => policyByName(name));
  const decision = new Decision(machine.cpuCount);
  const rebuild = makeRebuild(reader, machine, snapshots, {
    drainRequested: (request: DrainRequest) => {
      const interrupts = policies.map((policy) => {
        decide(policy, request, decision);
        const others = decision.targets.clone();
        others.delete(request.cpu);
        return others.count;
      });
      columns.push({ pages: [...request.pages], interrupts });
    },
    drainEnded: () => {},
  });
  await reader.readRows((block) => rebuild.feed(block));
  rebuild.finish();
  await reader.close();
  return { columns, cpuCount: machine.cpuCount };
}

/** White for none, then four steps of one hue. */
function shade(pages: number): string {
  if (pages <= 0) return '#f4f4f2';
  if (pages < 16) return '#c6dbef';
  if (pages < 64) return '#6baed6';
  return pages < 128 ? '#2878b5' : '#08306b';
}

function svg(columns: Column[], cpuCount: number, name: string): string {
  const parts: string[] = [];
  const cell = { width: stripWidth / columns.length, height: cellHeight };
  const width = left + stripWidth + 12;
  const stripTop = top + cpuCount * cell.height + 26;
  const stripHeight = 34;
  const height = stripTop + policyNames.length * (stripHeight + 8) + 6;
  const at = (index: number) => (left + index * cell.width).toFixed(1);
  const text = (x: number, y: number, words: string, extra = '') =>
    parts.push(`<text x="${x}" y="${y}"${extra}>${words}</text>`);
  text(
    8,
    18,
    `${columns.length} drains of ${name}: which CPUs held pages, and whom each policy interrupts`,
    ' class="t"',
  );
  text(8, 35, 'a column is a drain; white: the CPU held no page');
  for (let cpu = 0; cpu < cpuCount; cpu++) {
    const y = top + cpu * cell.height;
    text(8, y + 12, `CPU ${cpu}`);
    parts.push(
      `<rect x="${left}" y="${y}" width="${stripWidth}" height="${cell.height - 1}" fill="${shade(0)}"/>`,
    );
    columns.forEach(({ pages }, index) => {
      if (pages[cpu] <= 0) return;
      parts.push(
        `<rect x="${at(index)}" y="${y}" width="${cell.width.toFixed(2)}" height="${cell.height - 1}" fill="${shade(pages[cpu])}"/>`,
      );
    });
  }
  text(8, stripTop - 8, 'CPUs interrupted for it');
  policyNames.forEach((policy, row) => {
    const base = stripTop + row * (stripHeight + 8) + stripHeight;
    const total = columns.reduce((sum, { interrupts }) => sum + interrupts[row], 0);
    text(8, base - 16, policy);
    text(8, base - 2, `${total} in all`);
    columns.forEach(({ interrupts }, index) => {
      const bar = (interrupts[row] / (cpuCount - 1)) * stripHeight;
      parts.push(
        `<rect x="${at(index)}" y="${(base - bar).toFixed(1)}" width="${(cell.width * 0.75).toFixed(2)}" height="${bar.toFixed(1)}" fill="#b5482a"/>`,
      );
    });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Heat strip of pages on each CPU's lists at each drain">`,
    '<style>text{font:12px sans-serif;fill:#333}.t{font-weight:bold;font-size:13px}</style>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>',
  ].join('\n');
}

const folder = process.argv[2];
if (!folder) {
  console.error('usage: npx tsx tools/draw-drains.ts RECORDING_FOLDER > docs/drains.svg');
  process.exit(2);
}
const { columns, cpuCount } = await readColumns(folder);
console.log(svg(columns, cpuCount, folder.replace(/\/$/, '').replace(/^.*\//, '')));
