/** A folder with the proc/ and sys/ files of a host that is made up: its counts are set, so sums can be worked out by hand. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface FakeZone {
  readonly node: number;
  readonly name: string;
  readonly free: number;
  /** Pages on the list of each CPU; null: the CPU is offline. */
  readonly counts: ReadonlyArray<number | null>;
}

export class FakeHost {
  readonly root: string;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'drainlab-host-'));
  }

  /** `path` below the root: `proc/vmstat`. */
  write(path: string, text: string): void {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }

  remove(path = ''): void {
    rmSync(join(this.root, path), { recursive: true, force: true });
  }
}

/** zoneinfo as 6.12 prints it (mm/vmstat.c), or with `newer` as 6.13 on. The first zone is 16,384 pages long, and so on. */
export function zoneinfoText(zones: readonly FakeZone[], newer = false): string {
  const indent = '              ';
  const word = (key: string) => `${indent}${`${key}:`.padEnd(newer ? 10 : 7)}`;
  let text = '';
  zones.forEach(({ node, name, free, counts }, index) => {
    text += `Node ${node}, zone ${name.padStart(8)}\n`;
    if (zones.findIndex((zone) => zone.node === node) === index)
      text += '  per-node stats\n      nr_inactive_anon 1234\n      nr_active_anon 99\n';
    text += `  pages free     ${free}\n        boost    0\n        min      100\n        low      200\n        high     300\n`;
    text +=
      '        promo    400\n        spanned  16384\n        present  16384\n        managed  16000\n        cma      0\n';
    text += '        protection: (0, 0, 0, 0)\n';
    if (counts.length === 0) return; // Unpopulated: nothing more is printed.
    text += `      nr_free_pages ${free}\n      numa_hit     55\n`;
    text += '  pagesets\n';
    counts.forEach((count, cpu) => {
      if (count === null) return;
      text += `    cpu: ${cpu}\n${word('count')} ${count}\n${word('high')} 378\n${word('batch')} 63\n`;
      if (newer) text += `${word('high_min')} 378\n${word('high_max')} 9000\n`;
      text += '  vm stats threshold: 24\n';
    });
    text += `  node_unreclaimable:  0\n  start_pfn:           ${4096 + index * 16384}\n`;
  });
  return text;
}

/** Counts by row label (`CAL`, `24`), one for each CPU of `cpus`. */
export function interruptsText(
  cpus: readonly number[],
  rows: Readonly<Record<string, readonly number[]>>,
): string {
  const words: Record<string, string> = {
    CAL: 'Function call interrupts',
    RES: 'Rescheduling interrupts',
    TLB: 'TLB shootdowns',
    LOC: 'Local timer interrupts',
    IWI: 'IRQ work interrupts',
  };
  let text = `    ${cpus.map((cpu) => ` ${`CPU${cpu}`.padEnd(10)}`).join('')}\n`;
  for (const [label, counts] of Object.entries(rows)) {
    text += `${label.padStart(3)}:${counts.map((count) => ` ${String(count).padStart(10)}`).join('')}`;
    text += `   ${words[label] ?? 'IO-APIC   5-edge      disk'}\n`;
  }
  return `${text}ERR:          0\nMIS:          0\n`;
}
