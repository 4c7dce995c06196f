import { describe, expect, it } from 'vitest';
import { scenarioJsonSchema } from '../../scenario/schema.ts';
import { completionAt } from './completion.ts';

const schema = scenarioJsonSchema();

/** Labels at the place of `|`. */
function at(marked: string): string[] {
  const cursor = marked.indexOf('|');
  const text = marked.replace('|', '');
  return completionAt(text, cursor, schema, { maskFastNs: 60, maskPageNs: 2500 }).suggestions.map(
    ({ label }) => label,
  );
}

describe('completion in a scenario', () => {
  it('knows the keys at the top and of a group, without those that are there', () => {
    expect(at('mac|')).toEqual(['machine']);
    expect(at('machine:\n  cpus: 8\n  |')).toContain('memory');
    expect(at('machine:\n  cpus: 8\n  |')).not.toContain('cpus');
    expect(at('machine:\n  cp|us: 8')).toEqual(['cpus', 'nodeCpus']);
    expect(at('machine:\n  cpus: 8\n|')).toContain('kernel');
  });

  it('knows the keys of an entry of a list, on its first line and below', () => {
    expect(at('tasks:\n  - ki|')).toEqual(['kind']);
    expect(at('tasks:\n  - kind: reader\n    co|')).toEqual(['count']);
    expect(at('tasks:\n  - kind: reader\n  - |')).toContain('kind');
  });

  it('knows values that the form names, and policies', () => {
    expect(at('tasks:\n  - kind: hack|')).toEqual(['hackbench']);
    expect(at('machine:\n  preset: |')).toContain('huge-4096');
    expect(at('kernel:\n  offstack: t|')).toEqual(['true']);
    expect(at('run:\n  policies: [everyone, two|')).toEqual(['two-pass']);
    expect(at('costs:\n  maskP|')).toEqual(['maskPageNs']);
  });

  it('has nothing to say in comments', () => {
    expect(at('# ma|')).toEqual([]);
    expect(at('machine: # c|')).toEqual([]);
  });

  it('puts in what goes on: a colon, or the group below', () => {
    const insert = (text: string) => completionAt(text, text.length, schema, {}).suggestions[0].insert;
    expect(insert('machine:\n  cpus')).toBe('cpus: ');
    expect(insert('mach')).toBe('machine:\n  ');
    expect(insert('task')).toBe('tasks:\n  - ');
  });
});
