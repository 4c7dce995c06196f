import { describe, expect, it } from 'vitest';
import { defaultCosts } from '../engine/machine/costs.ts';
import { setsFromCosts } from './cost-sets.ts';
import { readYaml } from './read-yaml.ts';

const scenario = `machine: { cpus: 2, memory: 64 MiB }
kernel: { version: 6.12 }
tasks: [{ kind: reader }]
costs: { deliveryNs: 900, ackNs: 5 }
`;

describe('a file of costs', () => {
  it('takes the place of the costs that it names and of no others', () => {
    const sets = setsFromCosts(
      '# measured\ncosts:\n  deliveryNs: 1234.5 # scaled\n  scanPerListNs: 40\n',
      'here.yaml',
    );
    expect(readYaml(scenario, { sets }).costs).toEqual({
      ...defaultCosts,
      ackNs: 5,
      deliveryNs: 1234.5,
      scanPerListNs: 40,
    });
  });

  it('is told with its own line where a cost is none', () => {
    const read = (text: string) => () => readYaml(scenario, { sets: setsFromCosts(text, 'here.yaml') });
    expect(read('costs:\n  deliverNs: 1\n')).toThrow(/here\.yaml:2:14.*deliverNs.*did you mean deliveryNs/);
    expect(read('costs:\n  deliveryNs: -1\n')).toThrow(/here\.yaml:2:15.*from 0 on, found -1/);
    expect(read('machine: { cpus: 4 }\n')).toThrow(/no key "costs"/);
    expect(read('costs: [1, 2]\n')).toThrow(/no key "costs"/);
    expect(read('costs: {\n')).toThrow(/here\.yaml:/);
  });
});
