import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { BitSet } from '../base/bit-set.ts';
import { type AffinityTools, keepOff } from './affinity.ts';

const isolated = BitSet.of(8, [2, 3]);

/** Threads that taskset really moves. */
function threads(...lists: string[]): AffinityTools & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    allowedLists: () => lists,
    taskset: (list) => {
      asked.push(list);
      lists.fill(list);
    },
  };
}

describe('off the isolated CPUs', () => {
  test('all threads are moved to the others, and it is said', () => {
    const tools = threads('0-7', '0-7', '2');
    expect(keepOff(isolated, null, tools)).toEqual({
      allowed: '0-1,4-7',
      onAvoided: '',
      said: 'drainlab itself runs on CPU 0-1,4-7, off the isolated CPU 2-3.',
    });
    expect(tools.asked).toEqual(['0-1,4-7']);
  });

  test('nothing is changed where all is well', () => {
    const tools = threads('0-1', '0-1');
    expect(keepOff(isolated, null, tools)).toMatchObject({ allowed: '0-1', onAvoided: '' });
    expect(tools.asked).toEqual([]);
  });

  test('CPUs that were asked for are taken, isolated or not', () => {
    expect(keepOff(isolated, [5], threads('0-7')).allowed).toBe('5');
    expect(keepOff(isolated, [2], threads('0-7')).said).toContain('may disturb the isolated CPU 2');
  });

  test.each([
    [Object.assign(new Error(), { code: 'ENOENT' }), 'there is no taskset'],
    [
      Object.assign(new Error(), {
        status: 1,
        stderr: Buffer.from("taskset: failed to set pid 7's affinity: Invalid argument\n"),
      }),
      "failed to set pid 7's affinity: Invalid argument",
    ],
    [new Error(), 'taskset failed'],
  ])('a failure is said, with the CPUs that it may disturb', (error, why) => {
    const { onAvoided, said } = keepOff(isolated, null, {
      allowedLists: () => ['0-7'],
      taskset: () => {
        throw error;
      },
    });
    expect(onAvoided).toBe('2-3');
    expect(said).toContain('it may disturb the isolated CPU 2-3');
    expect(said).toContain(why);
  });

  test('a process that is allowed on isolated CPUs only stays there and says so', () => {
    const tools = threads('2-3');
    expect(keepOff(isolated, null, tools).said).toContain(
      'every CPU that it is allowed to run on is isolated',
    );
    expect(tools.asked).toEqual([]);
  });

  test('where /proc tells nothing, that is said', () => {
    const { said, onAvoided } = keepOff(isolated, null, {
      allowedLists: () => {
        throw new Error('ENOENT');
      },
      taskset: () => {},
    });
    expect(said).toContain('not known');
    expect(onAvoided).toBe('2-3');
  });
});

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** In a process of its own: the test runner stays where it is. */
test.skipIf(!hasTaskset() || availableParallelism() < 2)(
  'taskset moves every thread of a real Node process (skipped without taskset, or with one CPU)',
  () => {
    const module = new URL('./affinity.ts', import.meta.url).pathname;
    const bitSet = new URL('../base/bit-set.ts', import.meta.url).pathname;
    const script = `import { keepOff, ownCpu } from ${JSON.stringify(module)};
      import { BitSet } from ${JSON.stringify(bitSet)};
      import { readdirSync, readFileSync } from 'node:fs';
      const said = keepOff(BitSet.of(2, [1])).said;
      const lists = readdirSync('/proc/self/task').map((thread) =>
        /Cpus_allowed_list:\\s*(.*)/.exec(readFileSync('/proc/self/task/' + thread + '/status', 'latin1'))[1]);
      console.log(JSON.stringify({ said, threads: lists.length, lists: [...new Set(lists)], cpu: ownCpu() }));`;
    const output = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    const found = JSON.parse(output);
    expect(found.threads).toBeGreaterThan(4);
    expect(found.lists).toHaveLength(1);
    expect(found.lists[0]).not.toMatch(/\b1\b|0-/);
    expect(found.cpu).not.toBe(1);
    expect(found.said).toContain('off the isolated CPU 1');
  },
);
