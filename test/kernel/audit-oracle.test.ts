/**
 * The audit against the pipelines of the mailing lists: `trace-cmd report | sed | sort | uniq -c` on the same recording, and the
 * kernel's own counters in proc-start/ and proc-end/. Recordings that are not shipped: see test/recordings.ts.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import type { AuditReport } from '../../src/audit/audit-report.ts';
import { parseCpuList } from '../../src/base/cpu-list.ts';
import { loadAuditFiles } from '../../src/cli/recording-folder.ts';
import { bytesSource, openTrace } from '../../src/trace/index.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';
import { recordingPath, shippedRecordings } from '../recordings.ts';
import { hasTraceCmd } from './trace-cmd-oracle.ts';

const shipped = ['5.10-workers', '6.12-remote', '7.2-remote', 'patched-everyone'];
const large = [
  '5.10-isolated',
  '6.12-isolated',
  ...(process.env.DRAINLAB_ORACLE === 'all' ? ['6.12-oom', '7.2-oom'] : []),
];
const isolated = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

const folders = [
  ...shipped.map((name) => ({ name, folder: join(shippedRecordings, name) as string | null })),
  ...large.map((name) => ({ name, folder: recordingPath(name) })),
];

/** Lines of a shell pipeline as counts: `uniq -c` → words → times. */
function counted(pipeline: string, file: string): Map<string, number> {
  const { stdout, status, stderr } = spawnSync(
    'bash',
    ['-o', 'pipefail', '-c', `${pipeline} | sort | uniq -c`],
    { env: { ...process.env, FILE: file, LC_ALL: 'C' }, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(`${pipeline}: ${stderr}`);
  return new Map(
    stdout
      .split('\n')
      .flatMap((line) => /^ *(\d+) (.*)$/.exec(line)?.slice(1) ?? [])
      .reduce<Array<[string, number]>>((pairs, word, i, words) => {
        if (i % 2 === 1) pairs.push([word, Number(words[i - 1])]);
        return pairs;
      }, []),
  );
}

/** trace-cmd fails where the recording knows none of the events: then there is nothing to count. */
const report = (events: string) =>
  `{ trace-cmd report ${events
    .split(' ')
    .map((event) => `-F ${event}`)
    .join(' ')} "$FILE" 2>/dev/null || true; }`;

/** `sender targets callsite callback` of every interrupt sent. */
const sends = `${report('ipi_send_cpu ipi_send_cpumask')} | sed -nE 's/.*\\[0*([0-9]+)\\].*: +cpu(mask)?=([0-9,-]+) callsite=([^ ]+) callback=([^ ]+).*/\\1 \\3 \\4 \\5/p'`;
const handlers = `${report('call_function_entry call_function_single_entry')} | sed -nE 's/.*\\[0*([0-9]+)\\].*/\\1/p'`;
/** `queueing CPU, executing CPU, function` of every work, joined by its pointer. */
const works = `${report('workqueue_queue_work workqueue_execute_start')} | sed -nE 's/.*\\[0*([0-9]+)\\].*(queue_work|execute_start): +work struct[= ]([0-9a-fx]+):? function[= ]([^ ]+).*/\\1 \\2 \\3 \\4/p' | awk '$2 == "queue_work" { from[$3] = $1 } $2 == "execute_start" && $3 in from { print from[$3], $1, $4; delete from[$3] }'`;

async function audited(folder: string): Promise<AuditReport> {
  const path = join(folder, 'trace.dat');
  const reader = await openTraceFile(path);
  try {
    const { interruptTables } = loadAuditFiles(path);
    return await audit(reader, {
      name: folder,
      kernel: '',
      isolated,
      isolatedFrom: 'the test',
      interruptTables,
    });
  } finally {
    await reader.close();
  }
}

function add(sums: Record<string, number>, key: string | number, times: number): void {
  sums[key] = (sums[key] ?? 0) + times;
}

describe.each(folders)('audit of $name', ({ folder }) => {
  const can = folder !== null && hasTraceCmd();

  it.skipIf(!can)(
    'counts what trace-cmd report, sed, sort and uniq -c count',
    async () => {
      const own = await audited(folder as string);
      const file = join(folder as string, 'trace.dat');

      const callbacks: Record<string, number> = {};
      const callsites: Record<string, number> = {};
      const pairs: Record<string, number> = {};
      for (const [line, times] of counted(sends, file)) {
        const [sender, targets, callsite, callback] = line.split(' ');
        add(callbacks, callback.replace(/\+0x0$/, ''), times);
        for (const target of parseCpuList(targets)) {
          if (target === Number(sender)) continue;
          add(callsites, `${callback === '0x0' ? 'reschedule' : 'other'} ${callsite}`, times);
          add(pairs, `${sender} ${target}`, times);
        }
      }
      expect(Object.fromEntries(own.callbacks.map(({ callback, events }) => [callback, events]))).toEqual(
        callbacks,
      );
      const ownCallsites: Record<string, number> = {};
      for (const { kind, callsite, sent } of own.causes) {
        if (sent > 0) add(ownCallsites, `${kind === 'reschedule' ? kind : 'other'} ${callsite}`, sent);
      }
      expect(ownCallsites).toEqual(callsites);
      const ownPairs = own.matrix.rows.filter(([, , interrupts]) => interrupts > 0);
      expect(
        Object.fromEntries(ownPairs.map(([sender, victim, times]) => [`${sender} ${victim}`, times])),
      ).toEqual(pairs);

      const handled = Object.fromEntries(counted(handlers, file));
      const ownHandled = own.victims.filter((victim) => victim.handled > 0);
      expect(Object.fromEntries(ownHandled.map((victim) => [`${victim.cpu}`, victim.handled]))).toEqual(
        handled,
      );

      const executed: Record<string, number> = {};
      const functions: Record<string, number> = {};
      for (const [line, times] of counted(works, file)) {
        const [from, to, name] = line.split(' ');
        if (from === to) continue;
        add(executed, `${from} ${to}`, times);
        add(functions, name, times);
      }
      const ownWorks = own.matrix.rows.filter(([, , , , times]) => times > 0);
      expect(
        Object.fromEntries(ownWorks.map(([sender, victim, , , times]) => [`${sender} ${victim}`, times])),
      ).toEqual(executed);
      const ownFunctions: Record<string, number> = {};
      for (const { kind, callback, disturbances } of own.causes) {
        if (kind === 'work') add(ownFunctions, callback, disturbances);
      }
      expect(ownFunctions).toEqual(functions);
      expect(Object.keys(handled).length).toBeGreaterThan(0);
    },
    60_000,
  );
});

describe("audit beside the kernel's own counters", () => {
  const folder = recordingPath('6.12-isolated');

  it.skipIf(folder === null)(
    'tells the same rows of /proc/interrupts, and never more than they count',
    async () => {
      const own = await audited(folder as string);
      const row = (label: string) => {
        const sums = ['proc-start', 'proc-end'].map((part) =>
          readFileSync(join(folder as string, part, 'interrupts'), 'utf8')
            .split('\n')
            .filter((line) => line.trimStart().startsWith(`${label}:`))
            .flatMap((line) => line.trim().split(/\s+/).slice(1, 17).map(Number))
            .reduce((sum, value) => sum + value, 0),
        );
        return sums[1] - sums[0];
      };
      const [call, reschedule, irqWork] = ['CAL', 'RES', 'IWI'].map((label) =>
        own.kernelCounts?.find((each) => each.label === label),
      );
      // By eye: 2,365, 2,414 and 33 in the files; 2,240 + 36 handlers in `trace info`.
      expect([call?.delta, reschedule?.delta, irqWork?.delta]).toEqual([row('CAL'), row('RES'), row('IWI')]);
      expect([call?.delta, call?.recorded, call?.isolatedDelta, call?.isolatedRecorded]).toEqual([
        2365, 2276, 331, 330,
      ]);
      expect([reschedule?.delta, reschedule?.sent, reschedule?.recorded]).toEqual([2414, 2396, null]);
      // irq_work that a CPU raises on itself.
      expect(irqWork?.sent).toBe(16);
    },
  );
});

describe('audit of the text of trace-cmd report', () => {
  const folder = recordingPath('6.12-isolated');

  it.skipIf(folder === null || !hasTraceCmd())('finds what it finds in the trace.dat', async () => {
    const events = 'ipi_send_cpu ipi_send_cpumask call_function_entry call_function_exit'.split(' ');
    const { stdout } = spawnSync(
      'trace-cmd',
      ['report', '-t', ...events.flatMap((event) => ['-F', event]), join(folder as string, 'trace.dat')],
      { maxBuffer: 1 << 28 },
    );
    const reader = await openTrace(bytesSource('report', new Uint8Array(stdout)));
    const text = await audit(reader, { name: '', kernel: '', isolated, isolatedFrom: 'the test' });
    const binary = await audited(folder as string);
    const sends = ({ causes }: AuditReport) =>
      causes
        .filter(({ sent }) => sent > 0)
        .map(({ kind, callsite, sent, isolatedDisturbances, tasks }) => [
          kind,
          callsite,
          sent,
          isolatedDisturbances,
          tasks,
        ]);
    expect(sends(text)).toEqual(sends(binary));
    expect(text.matrix).toEqual(binary.matrix);
  });
});

describe('audit of drains in interrupts', () => {
  const folder = join(shippedRecordings, 'patched-everyone');

  it.skipIf(!hasTraceCmd())("counts the patched kernel's own word of lists found empty", async () => {
    const own = await audited(folder);
    const lines = counted(
      `${report('pcp_drain_ipi')} | sed -nE 's/.*\\[0*([0-9]+)\\].*req_cpu=([0-9]+) pages=([0-9]+).*/\\1 \\2 \\3/p' | awk '$1 != $2 { print ($3 == 0 ? "empty" : "pages") }'`,
      join(folder, 'trace.dat'),
    );
    const drains = own.causes.find(({ callback }) => callback === 'drain_local_pages');
    const judged = (lines.get('empty') ?? 0) + (lines.get('pages') ?? 0);
    // 217 drains, each to the 7 other CPUs.
    expect(judged).toBe(217 * 7);
    expect([drains?.drainsJudged, drains?.drainsUseless, drains?.calls]).toEqual([
      judged,
      lines.get('empty'),
      judged,
    ]);
    // One interrupt served several drains.
    expect(drains?.handled).toBeLessThan(judged);
  });
});
