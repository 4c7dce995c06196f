/** Changes on a folder that looks like tracefs: made in order, taken back whatever ends the process. */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HostChanges } from './host-changes.ts';
import { type Change, changeLine, planText, undoLine } from './plan.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drainlab-changes-'));
  mkdirSync(join(root, 'instances'));
  writeFileSync(join(root, 'trace_clock'), 'local\n');
  writeFileSync(join(root, 'kprobe_events'), '');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const textOf = (name: string) => readFileSync(join(root, name), 'utf8');

function changes(): Change[] {
  return [
    { do: 'append', path: join(root, 'kprobe_events'), text: 'p:drainlab/f f x=$arg1', undo: '-:drainlab/f' },
    { do: 'make', path: join(root, 'instances/mine') },
    { do: 'write', path: join(root, 'trace_clock'), text: 'global', undo: 'local' },
  ];
}

function expectAsBefore(): void {
  expect(existsSync(join(root, 'instances/mine'))).toBe(false);
  expect(textOf('trace_clock')).toBe('local\n');
  expect(textOf('kprobe_events')).toBe('p:drainlab/f f x=$arg1\n-:drainlab/f\n');
}

describe('changes of the host', () => {
  test('are made, and taken back latest first', () => {
    const host = new HostChanges();
    for (const change of changes()) host.make(change);
    expect(textOf('trace_clock')).toBe('global\n');
    expect(existsSync(join(root, 'instances/mine'))).toBe(true);
    expect(host.undoAll()).toEqual([]);
    expectAsBefore();
    expect(host.undoAll()).toEqual([]);
    expectAsBefore();
  });

  test('one that the kernel refuses ends it, what came before is taken back', () => {
    const host = new HostChanges();
    for (const change of changes()) host.make(change);
    const refused: Change = { do: 'write', path: join(root, 'no/such/file'), text: '1', undo: '' };
    expect(() => host.make(refused)).toThrow(/refuses it: ENOENT/);
    host.undoAll();
    expectAsBefore();
  });

  test('one that may be refused is told and passed over, and not taken back', () => {
    const host = new HostChanges();
    const path = join(root, 'no/such/file');
    expect(host.make({ do: 'append', path, text: 'p:f f', undo: '-:f', mayFail: true })).toMatch(/ENOENT/);
    expect(host.undoAll()).toEqual([]);
  });

  test('what cannot be taken back is told, and the rest is taken back all the same', () => {
    const host = new HostChanges();
    for (const change of changes()) host.make(change);
    writeFileSync(join(root, 'instances/mine/busy'), '');
    expect(host.undoAll()).toEqual([expect.stringMatching(/^rmdir .*instances\/mine: ENOTEMPTY/)]);
    expect(textOf('trace_clock')).toBe('local\n');
  });

  test('are taken back although the process was killed with SIGKILL', async () => {
    const script = `
      import { HostChanges } from ${JSON.stringify(fileURLToPath(new URL('./host-changes.ts', import.meta.url)))};
      const host = new HostChanges();
      for (const change of ${JSON.stringify(changes())}) host.make(change);
      console.log('made');
      setInterval(() => {}, 1000);`;
    writeFileSync(join(root, 'victim.mts'), script);
    const tsx = fileURLToPath(import.meta.resolve('tsx'));
    const victim = spawn(process.execPath, ['--import', tsx, join(root, 'victim.mts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => victim.stdout.once('data', resolve));
    expect(textOf('trace_clock')).toBe('global\n');
    victim.kill('SIGKILL');
    const until = performance.now() + 5000;
    while (existsSync(join(root, 'instances/mine')) || !textOf('kprobe_events').includes('-:')) {
      expect(performance.now()).toBeLessThan(until);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expectAsBefore();
  }, 20_000);
});

describe('a plan for people', () => {
  test('is a shell script, with the undoing in reverse at its end', () => {
    const text = planText({
      writes: '',
      notes: ['A note.'],
      steps: [
        {
          do: 'append',
          path: '/t/kprobe_events',
          text: 'p:drainlab/f f x=$arg1',
          undo: '-:drainlab/f',
          mayFail: true,
        },
        { do: 'make', path: '/t/instances/mine' },
        { do: 'write', path: '/t/instances/mine/tracing_on', text: '1', undo: '' },
        { do: 'command', words: ['sh', '-c', "echo 'a b'"] },
      ],
    });
    expect(text).toBe(
      [
        '# A note.',
        "echo 'p:drainlab/f f x=$arg1' >> /t/kprobe_events   # may be refused",
        'mkdir /t/instances/mine',
        'echo 1 > /t/instances/mine/tracing_on',
        "sh -c 'echo '\\''a b'\\'''",
        '# and in the end, whatever happens:',
        'rmdir /t/instances/mine',
        'echo -:drainlab/f >> /t/kprobe_events',
        '',
      ].join('\n'),
    );
  });

  test('a change that needs no undoing has none', () => {
    const change: Change = { do: 'write', path: '/t/x', text: '1', undo: '' };
    expect([changeLine(change), undoLine(change)]).toEqual(['echo 1 > /t/x', '']);
  });
});
