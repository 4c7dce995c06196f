import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { recordingPath, shippedRecordings } from '../../test/recordings.ts';
import { runAudit } from '../cli/commands/audit-run.ts';
import { builtInText } from '../scenario/by-name.ts';
import { EngineHost } from './engine-host.ts';
import type { CallName, Calls, FromEngine, NamedFile } from './messages.ts';

/** Asks a host one question after the other; what it answers goes through a structured clone. */
class Asker {
  readonly #waiting = new Map<number, (message: FromEngine) => void>();
  readonly #host = new EngineHost(
    (message) => {
      const told = structuredClone(message);
      if (!('progress' in told)) this.#waiting.get(told.id)?.(told);
    },
    () => performance.now(),
  );
  #next = 0;

  async ask<Name extends CallName>(call: Name, ask: Calls[Name]['ask']): Promise<Calls[Name]['answer']> {
    const id = this.#next++;
    const message = await new Promise<FromEngine>((resolve) => {
      this.#waiting.set(id, resolve);
      void this.#host.receive({ id, call, ask });
    });
    if ('error' in message) throw new Error(`${message.error.code} ${message.error.message}`);
    return ('answer' in message ? message.answer : null) as Calls[Name]['answer'];
  }
}

function filesBelow(folder: string, root = folder): NamedFile[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return filesBelow(path, root);
    return [{ path: relative(join(root, '..'), path), blob: new Blob([readFileSync(path)]) }];
  });
}

afterEach(() => vi.restoreAllMocks());

/** What `drainlab audit NAME --json` prints in the folder that holds NAME. */
async function byCommandLine(folder: string, isolated?: string): Promise<string> {
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  await runAudit(folder, { json: true, progress: false, isolated });
  write.mockRestore();
  return printed.replace(JSON.stringify(folder), () => JSON.stringify(folder.replace(/^.*\//, '')));
}

async function inThePage(folder: string, isolated?: string): Promise<string> {
  const page = new Asker();
  const { recording } = await page.ask('open', { files: filesBelow(folder) });
  return (await page.ask('audit', { recording, isolated })).json;
}

const shipped = readdirSync(shippedRecordings).filter((name) =>
  existsSync(join(shippedRecordings, name, 'trace.dat')),
);

describe('the audit in the worker', () => {
  it.each(shipped)('is byte for byte what the command line prints: %s', async (name) => {
    const folder = join(shippedRecordings, name);
    expect(await inThePage(folder)).toBe(await byCommandLine(folder));
  });

  it('takes the CPUs that are named for the isolated ones, as --isolated does', async () => {
    const folder = join(shippedRecordings, '6.12-remote');
    const json = await inThePage(folder, '2,4-6');
    expect(json).toBe(await byCommandLine(folder, '2,4-6'));
    // Of the matrix that `drainlab audit` prints for it: columns 2, 4, 5 and 6 add up to 30, 20, 62 and 58.
    expect(JSON.parse(json).isolatedTotals.interrupts).toBe(30 + 20 + 62 + 58);
  });

  const withCounters = recordingPath('5.10-isolated');
  it.skipIf(withCounters === null)(
    'sets the kernel’s own counters of start and end beside it (skipped without the large recordings)',
    async () => {
      const files = filesBelow(withCounters ?? '');
      const page = new Asker();
      const { recording } = await page.ask('open', { files });
      const { json } = await page.ask('audit', { recording });
      expect(json).toBe(await byCommandLine(withCounters ?? ''));
      expect(JSON.parse(json).kernelCounts.length).toBeGreaterThan(0);
    },
  );

  it('says that a list of CPUs is none, and that a run of a scenario has no events', async () => {
    const page = new Asker();
    const { recording } = await page.ask('open', { files: filesBelow(join(shippedRecordings, shipped[0])) });
    await expect(page.ask('audit', { recording, isolated: '3-1' })).rejects.toThrow(/^E_CPU_LIST/);
    const run = await page.ask('simulateOne', {
      yaml: builtInText('reclaim-storm'),
      file: 'reclaim-storm.yaml',
      sets: ['run.seconds=0.01'],
      policy: 'everyone',
    });
    await expect(page.ask('audit', { recording: run.recording })).rejects.toThrow(/^E_NO_RECORDING/);
  });
});
