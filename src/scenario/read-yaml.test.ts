import { describe, expect, test } from 'vitest';
import { formatCpuList } from '../base/cpu-list.ts';
import { errorText } from '../base/errors.ts';
import { defaultCosts } from '../engine/machine/costs.ts';
import { ScenarioError } from './problems.ts';
import { type ReadOptions, readYaml } from './read-yaml.ts';
import { parseSet } from './set-values.ts';

const small = `machine:
  cpus: 8
  memory: 496 MiB
kernel:
  version: 3.10
tasks:
  - kind: reader
    cpus: 0-3
`;

function textOf(yaml: string, options: ReadOptions = {}): string {
  try {
    readYaml(yaml, { file: 'x.yaml', ...options });
    return 'no error';
  } catch (error) {
    if (error instanceof ScenarioError) return errorText(error);
    throw error;
  }
}

describe('a scenario in YAML', () => {
  test('is resolved with units, lists of CPUs and defaults', () => {
    const scenario = readYaml(
      `name: mine
title: A machine
machine: { cpus: 16, memory: 8 GiB, online: 0-11, isolated: 8-N, nodes: 2, idle: haswell }
kernel: { distribution: sles-2011 }
tasks:
  - { kind: sleeper, count: 3, sleep: 20 ms, start: 1 s, memory: 64 pages }
  - { kind: spinner, cpus: 8-11, fifo: true }
  - { kind: hackbench, extra: { messages: 7 } }
calls:
  - { cause: memory-offline, zone: Normal 1, memory: 128 MiB, every: 2 s }
faults: { failslab: { probability: 10 } }
costs: { deliveryNs: 900 }
run: { seconds: 2.5, policies: [everyone, two-pass] }
`,
      { file: 'dir/other.yaml' },
    );
    expect(scenario).toMatchObject({ name: 'mine', title: 'A machine', about: '' });
    expect(formatCpuList(scenario.machine.online)).toBe('0-11');
    // N is the last possible CPU, 15, online or not.
    expect(formatCpuList(scenario.machine.isolated)).toBe('8-15');
    expect([...scenario.machine.nodeOfCpu]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    // 8 GiB are 2,097,152 pages, half of them a node; DMA32 ends at 4 GiB, which is where node 1 begins.
    expect(scenario.machine.zones).toEqual([
      { name: 'DMA', node: 0, startPfn: 1, pages: 3977 },
      { name: 'DMA32', node: 0, startPfn: 4096, pages: 1_048_576 - 4096 },
      { name: 'Normal', node: 1, startPfn: 1_048_576, pages: 1_048_576 },
    ]);
    expect(scenario.kernel).toMatchObject({ version: '3.0', nrCpus: 4096, offstack: true, slab: 'slab' });
    // A task without CPUs gets those that are online and not isolated.
    expect(scenario.tasks.map(({ cpus }) => formatCpuList(cpus))).toEqual(['0-7', '8-11', '0-7']);
    expect(scenario.tasks[0]).toMatchObject({ sleepNs: 20e6, startNs: 1e9, pages: 64, count: 3 });
    expect(scenario.tasks[2].extra).toEqual({ messages: 7 });
    expect(scenario.calls[0]).toMatchObject({ zone: 2, pages: 32_768, everyNs: 2e9, victim: -1 });
    expect(scenario.faults.failslab).toMatchObject({ probability: 10, times: -1, interval: 1 });
    expect(scenario.costs).toEqual({ ...defaultCosts, deliveryNs: 900 });
    expect(scenario.run).toMatchObject({ seconds: 2.5, seed: 1, seeds: 1, baseline: 'everyone' });
  });

  test('has the name of its file if it gives none', () => {
    expect(readYaml(small, { file: 'some where/night run.yaml' }).name).toBe('night-run');
  });

  test('takes a version as it is written, not as a number', () => {
    expect(readYaml(small).kernel.version).toBe('3.10');
    expect(readYaml(small.replace('3.10', "'5.4'")).kernel.version).toBe('5.4');
    expect(readYaml(small, { sets: [parseSet('kernel.version=6.10')] }).kernel.version).toBe('6.10');
  });

  test('takes values of a kernel configuration, which its own keys override', () => {
    const config =
      '# Linux/x86 5.10.0-8-amd64 Kernel Configuration\nCONFIG_NR_CPUS=8192\nCONFIG_CPUMASK_OFFSTACK=y\nCONFIG_SLUB=y\n';
    const yaml = small.replace('version: 3.10', 'config: ./config\n  nrCpus: 4096');
    const read = { readConfig: (path: string) => (path === './config' ? config : '') };
    expect(readYaml(yaml, read).kernel).toMatchObject({
      version: '5.10',
      nrCpus: 4096,
      offstack: true,
      slab: 'slub',
    });
    expect(textOf(yaml)).toContain('x.yaml:5:11 kernel.config: expected no such key here');
  });

  test('splits memory at 16 MiB, at 4 GiB and at the ends of nodes, with Movable last in each', () => {
    const of = (machine: string) =>
      readYaml(`machine: {cpus: 4, ${machine}}\nkernel: {version: 5.10}\ntasks: [{kind: reader}]`).machine
        .zones;
    // 496 MiB: 126,976 pages; without the 4,096 of DMA 122,880.
    expect(of('memory: 496 MiB').map(({ pages }) => pages)).toEqual([3977, 122_880]);
    expect(of('memory: 6 GiB')[2]).toEqual({ name: 'Normal', node: 0, startPfn: 1_048_576, pages: 524_288 });
    expect(of('memory: 2 GiB, movable: 512 MiB').slice(1)).toEqual([
      { name: 'DMA32', node: 0, startPfn: 4096, pages: 393_216 - 4096 },
      { name: 'Movable', node: 0, startPfn: 393_216, pages: 131_072 },
    ]);
    expect(
      of('memory: 2 GiB, nodes: 2, movable: 512 MiB').map(({ name, node, startPfn }) => [
        name,
        node,
        startPfn,
      ]),
    ).toEqual([
      ['DMA', 0, 1],
      ['DMA32', 0, 4096],
      ['Movable', 0, 262_144 - 65_536],
      ['DMA32', 1, 262_144],
      ['Movable', 1, 524_288 - 65_536],
    ]);
    expect(of('zones: [{name: Normal, startPfn: 512, memory: 128 MiB}]')).toEqual([
      { name: 'Normal', node: 0, startPfn: 512, pages: 32_768 },
    ]);
  });
});

describe('a mistake in a scenario', () => {
  const machine = 'machine: { cpus: 8, memory: 496 MiB }\n';
  const rest = 'kernel: { version: 3.0 }\ntasks:\n  - kind: reader\n';
  test.each([
    // The form.
    [
      `machine: { cpu: 8, memory: 1 GiB }\n${rest}`,
      '1:12 machine.cpu: expected a key of this form, found "cpu", which is none (did you mean cpus?)',
    ],
    [
      `${machine + rest}    rates: 5\n`,
      '5:5 tasks.0.rates: expected a key of this form, found "rates", which is none (did you mean rate?)',
    ],
    [
      `${machine + rest}    order: 11\n`,
      '5:12 tasks.0.order: expected a whole number from 0 to 10, found 11',
    ],
    [
      `${machine + rest}    rate: -1\n`,
      '5:11 tasks.0.rate: expected a number from 0 to 1000000000, found -1',
    ],
    [
      `${machine + rest}    rate: .nan\n`,
      '5:11 tasks.0.rate: expected a number from 0 to 1000000000, found NaN',
    ],
    [
      `${machine + rest}    count: 1e300\n`,
      '5:12 tasks.0.count: expected a whole number from 1 to 1000000, found 1e+300',
    ],
    [
      `${machine + rest}    sleep: 5\n`,
      '5:12 tasks.0.sleep: expected a time with its unit, such as 3 ms or 60 s, found 5',
    ],
    [
      `${machine + rest}    memory: 64\n`,
      '5:13 tasks.0.memory: expected a size with its unit, such as 496 MiB or 300 pages, found 64',
    ],
    [`${machine + rest}    fifo: yes\n`, '5:11 tasks.0.fifo: expected true or false, found "yes"'],
    [machine + rest.replace('reader', 'raeder'), '4:11 tasks.0.kind: expected one of hackbench, reader,'],
    [
      `${machine}kernel: { version: 3.0 }\ntasks: {}\n`,
      '3:8 tasks: expected a list of tasks, found an empty map',
    ],
    [`${machine}tasks: []\n`, '1:1 kernel: expected a kernel: version, found nothing'],
    [
      `machine: { cpus: 0, memory: 1 GiB }\n${rest}`,
      '1:18 machine.cpus: expected a whole number from 1 to 8192, found 0',
    ],
    [`machine: { cpus: 8193, memory: 1 GiB }\n${rest}`, 'expected a whole number from 1 to 8192, found 8193'],
    [`machine: { cpus: 1.5, memory: 1 GiB }\n${rest}`, 'expected a whole number from 1 to 8192, found 1.5'],
    [
      `${machine + rest}run: { seconds: 0 }\n`,
      '5:17 run.seconds: expected a number of seconds above 0, found 0',
    ],
    [`${machine + rest}run: { seconds: -3 }\n`, 'expected a number of seconds above 0, found -3'],
    [
      `${machine + rest}machines: 1\n`,
      '5:1 machines: expected a key of this form, found "machines", which is none (did you mean machine?)',
    ],
    [
      `${machine + rest}costs: { deliveryNs: -1 }\n`,
      '5:22 costs.deliveryNs: expected a number of nanoseconds from 0 on, found -1',
    ],
    // Contradictions.
    [
      `machine: { cpus: 8, memory: 496 MiB, isolated: 4-9 }\n${rest}`,
      '1:48 machine.isolated: expected CPUs of 0-7 (machine.cpus is 8), found CPU 8-9',
    ],
    [
      `machine: { cpus: 8, memory: 496 MiB, online: 8 }\n${rest}`,
      '1:46 machine.online: expected CPUs of 0-7 (machine.cpus is 8), found CPU 8',
    ],
    [
      `machine: { cpus: 8, memory: 496 MiB, online: none }\n${rest}`,
      '1:46 machine.online: expected at least one CPU, found none',
    ],
    [
      `machine: { cpus: 8, memory: 496 MiB, isolated: 3-1 }\n${rest}`,
      'expected a list of CPUs as the kernel writes it, such as 0-3,8, found "3-1"',
    ],
    [
      `machine: { cpus: 8, memory: 496 MiB, isolated: all }\n${rest}`,
      '4:5 tasks.0.cpus: expected at least one CPU that is online, found none',
    ],
    [
      `machine: { cpus: 8, memory: 496 MiB, online: 0-3 }\n${rest}    cpus: 2-5\n`,
      '5:11 tasks.0.cpus: expected CPUs that are online, found CPU 4-5, offline',
    ],
    [
      `machine: { cpus: 8, memory: 16 MiB }\n${rest}`,
      '1:29 machine.memory: expected at least 32 MiB for each of the 1 nodes, found 16 MiB',
    ],
    [`machine: { cpus: 8, memory: 128 TiB }\n${rest}`, 'expected at most 64 TiB, found 128 TiB'],
    [
      `machine: { cpus: 8 }\n${rest}`,
      '1:10 machine.memory: expected memory, zones or a preset, found nothing',
    ],
    [
      `machine: { cpus: 8, memory: 1 GiB, zones: [] }\n${rest}`,
      'machine.memory: expected memory or zones, found both',
    ],
    [
      `machine: { cpus: 4, nodes: 2, memory: 1 GiB, nodeCpus: [0-1, 1-2] }\n${rest}`,
      'expected each CPU in one node, found CPU 1 also in node 0',
    ],
    [
      `machine: { cpus: 4, nodes: 2, memory: 1 GiB, nodeCpus: [0-1, 2] }\n${rest}`,
      'expected each CPU in one node, found CPU 3 in none',
    ],
    [
      `${machine}kernel: { version: 3.0, nrCpus: 4 }\ntasks: [{ kind: reader }]\n`,
      '2:33 kernel.nrCpus: expected at least machine.cpus, 8, found 4',
    ],
    [
      'machine: { cpus: 1000, memory: 1 GiB }\nkernel: { distribution: debian-2011 }\ntasks: [{ kind: reader }]\n',
      '1:18 machine.cpus: expected at most 512, NR_CPUS of this kernel, found 1000',
    ],
    [
      `${machine}kernel: { version: 2.6 }\ntasks: [{ kind: reader }]\n`,
      '2:20 kernel.version: expected a version from 3.0 on, such as 3.0, 5.10, 6.12, found "2.6"',
    ],
    [
      `${machine}kernel: {}\ntasks: [{ kind: reader }]\n`,
      '2:9 kernel.version: expected a version such as 3.0 or 6.12, or a distribution, found nothing',
    ],
    [
      `${machine}kernel: { version: 6.12, slab: slab }\ntasks: [{ kind: reader }]\n`,
      'kernel.slab: expected slub: kernel 6.12 has no other (SLAB went in 6.8), found "slab"',
    ],
    // Marks: min_free_kbytes 200000 is 50,000 pages; high = 1.5 · min in all, more than half of 126,857.
    [
      `${machine}kernel: { version: 3.0, minFreeKbytes: 200000 }\ntasks: [{ kind: reader }]\n`,
      '2:40 kernel.minFreeKbytes: expected watermarks below half of the memory, 126857 pages, found high watermarks of',
    ],
    [
      `${machine + rest}    start: 10 s\n`,
      '5:12 tasks.0.start: expected a time before the end at 10 s, found 10 s',
    ],
    [
      machine + rest.replace('reader', 'sleeper'),
      '4:5 tasks.0.sleep: expected a time above 0: a sleeper sleeps, found nothing',
    ],
    [
      `${machine + rest}    extra: { mesages: 3 }\n`,
      '5:14 tasks.0.extra.mesages: expected one of the keys burst, copyNs,',
    ],
    [
      `${machine + rest}    extra: { burst: 0 }\n`,
      '5:21 tasks.0.extra.burst: expected a whole number from 1 on, found 0',
    ],
    [
      `${machine + rest}    memory: 1 MiB\n    pages: 3\n`,
      '6:12 tasks.0.pages: expected memory or pages, found both',
    ],
    [
      `${machine}kernel: { version: 3.0 }\n`,
      '1:1 tasks: expected a task or a call: nothing happens on this machine, found none',
    ],
    [
      `${machine + rest}calls: [{ cause: cpu-offline }]\n`,
      '5:9 calls.0.victim: expected an online CPU: 0-7, found nothing',
    ],
    [
      `${machine + rest}calls: [{ cause: cpu-offline, victim: 9 }]\n`,
      'calls.0.victim: expected an online CPU: 0-7, found CPU 9',
    ],
    [
      `${machine + rest}calls: [{ cause: memory-offline }]\n`,
      'calls.0.memory: expected the size of the range, found nothing',
    ],
    [
      `${machine + rest}calls: [{ cause: debug-read, zone: Normal }]\n`,
      '5:36 calls.0.zone: expected a zone of this machine: DMA, DMA32, found "Normal"',
    ],
    [
      `${machine + rest}calls: [{ cause: debug-read, cpu: 8 }]\n`,
      '5:35 calls.0.cpu: expected an online CPU: 0-7, found CPU 8',
    ],
    [
      `${machine + rest}run: { policies: [twopass] }\n`,
      '5:19 run.policies.0: expected the name of a policy or a path, found "twopass" (Did you mean two-pass?',
    ],
    [
      `${machine + rest}run: { baseline: all }\n`,
      '5:18 run.baseline: expected the name of a policy or a path, found "all"',
    ],
    [
      `${machine + rest}costs: { deliverNs: 1 }\n`,
      '5:10 costs.deliverNs: expected a key of this form, found "deliverNs", which is none (did you mean deliveryNs?)',
    ],
  ])('%j is told with its place', (yaml, expected) => {
    const text = textOf(yaml);
    expect(text).toContain(expected);
    expect(text).toMatch(/^ *x\.yaml:\d+:\d+ /m);
  });

  test('does not hide the others: all are told, in the order of the file', () => {
    const text = textOf(`tasks:
  - kind: reader
    order: 12
machine:
  cpus: many
  memory: 496
kernel: 3.0
foo: 1
`);
    expect(
      text.split('\n').map((line) => /^ {2}x\.yaml:(\d+):\d+ (\S+):/.exec(line)?.slice(1, 3).join(' ')),
    ).toEqual([
      undefined,
      '3 tasks.0.order',
      '5 machine.cpus',
      '6 machine.memory',
      '7 kernel',
      '8 foo',
      undefined,
      undefined,
    ]);
    expect(text).toMatch(/^x\.yaml: 5 mistakes\n/);
  });

  test('of a --set is told with the --set', () => {
    const sets = ['machine.cpus=2', 'tasks.reader.rate=fast'].map(parseSet);
    expect(textOf(small, { sets: [sets[1]] })).toMatch(
      /^--set tasks\.reader\.rate=fast tasks\.0\.rate: expected a number/,
    );
    expect(textOf(small, { sets: [sets[0]] })).toMatch(/^x\.yaml:8:11 tasks\.0\.cpus: expected CPUs of 0-1/);
  });
});

describe('what is no scenario', () => {
  test.each([
    ['', 'x.yaml: expected a scenario: machine, kernel, tasks, found nothing (null) [E_SCENARIO]'],
    ['42', 'x.yaml:1:1: expected a scenario: machine, kernel, tasks, found 42 [E_SCENARIO]'],
    ['- 1\n- 2', 'x.yaml:1:1: expected a scenario: machine, kernel, tasks, found a list of 2 [E_SCENARIO]'],
    ['machine: [', 'x.yaml:1:11: expected YAML, found '],
    ['machine: 1\nmachine: 2', 'x.yaml:2:1: expected YAML, found Map keys must be unique [E_SCENARIO_YAML]'],
    ['a: 1\n---\nb: 2', 'expected YAML, found Source contains multiple documents'],
    ['a: *nowhere', 'x.yaml:1:4: expected YAML, found *nowhere, which no anchor has'],
    ['a\0b', 'x.yaml:1:2: expected text, found a control character: this is no YAML [E_SCENARIO_YAML]'],
    ['[[[['.repeat(10_000), 'x.yaml: expected at most 50 levels, found 40000 [E_SCENARIO_YAML]'],
    [`${'- '.repeat(20_000)}a`, 'x.yaml: expected at most 50 levels, found 20000 [E_SCENARIO_YAML]'],
    ['x'.repeat(1_000_001), 'x.yaml: expected at most 1000000 characters, found 1000001 [E_SCENARIO_YAML]'],
    [
      `a: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefghi'.replace(/./g, (c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]\n`)}`,
      'x.yaml: expected at most 100 uses of aliases, found more [E_SCENARIO_YAML]',
    ],
  ])('%j ends in one clear message', (yaml, expected) => {
    expect(textOf(yaml)).toContain(expected);
  });

  test('a deep block is refused before it is parsed', () => {
    const deep = Array.from({ length: 5000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n');
    expect(textOf(deep.slice(0, 900_000))).toContain('E_SCENARIO_YAML');
  });
});
