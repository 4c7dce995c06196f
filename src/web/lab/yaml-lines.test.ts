import { describe, expect, it } from 'vitest';
import { valueAt, withValue, yamlLines } from './yaml-lines.ts';

const text = `# a machine
name: storm   # its name
about: |
  cpus: 99 is text
  machine: too
machine:
  cpus: 8     # eight
  memory: 496 MiB
tasks:
  - kind: reader
    count: 4
  - kind: hackbench
    extra: { groups: 3 }
  - count: 2
    kind: reader
run: { seconds: 3 }
calls:
- cause: compaction
  cpu: 0
`;

describe('lines of a scenario', () => {
  it('are found by their path, texts and comments left out', () => {
    expect(yamlLines(text).map(({ path, value }) => `${path.join('.')}=${value}`)).toEqual([
      'name=storm',
      'about=|',
      'machine=',
      'machine.cpus=8',
      'machine.memory=496 MiB',
      'tasks=',
      'tasks.0.kind=reader',
      'tasks.0.count=4',
      'tasks.1.kind=hackbench',
      'tasks.1.extra={ groups: 3 }',
      'tasks.2.count=2',
      'tasks.2.kind=reader',
      'run={ seconds: 3 }',
      'calls=',
      'calls.0.cause=compaction',
      'calls.0.cpu=0',
    ]);
    expect(valueAt(text, ['tasks', 2, 'count'])).toBe('2');
    expect(valueAt('a: "b # c" # d', ['a'])).toBe('b # c');
  });

  it('are changed one at a time, comments kept', () => {
    expect(withValue(text, ['machine', 'cpus'], '512')).toBe(text.replace('cpus: 8 ', 'cpus: 512 '));
    expect(withValue(text, ['tasks', 0, 'count'], '7')).toBe(text.replace('count: 4', 'count: 7'));
    expect(withValue(text, ['machine', 'memory'], '')).toBe(text.replace('  memory: 496 MiB\n', ''));
  });

  it('are added below the first of their group, or at the end', () => {
    expect(withValue(text, ['machine', 'isolated'], '4-N')).toBe(
      text.replace('# eight\n', '# eight\n  isolated: 4-N\n'),
    );
    expect(withValue(text, ['tasks', 1, 'count'], '5')).toBe(
      text.replace('kind: hackbench\n', 'kind: hackbench\n    count: 5\n'),
    );
    expect(withValue(text, ['kernel', 'version'], '3.0')).toBe(`${text}kernel:\n  version: 3.0\n`);
  });

  it('are left alone where one line cannot say it', () => {
    expect(withValue(text, ['run', 'seconds'], '1')).toBeNull();
    expect(withValue(text, ['tasks', 0, 'kind'], '')).toBeNull();
    expect(withValue(text, ['tasks', 9, 'count'], '1')).toBeNull();
  });
});
