/**
 * The circle: a run of the simulator is written as a recording, and driving the list code with that recording predicts
 * everything. It holds the events that a run writes against the way in which events of real kernels are read.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openRecording } from '../../src/cli/recording.ts';
import { validateDriven } from '../../src/engine/driven/validate.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'drainlab-circle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Three tasks grow and exit at once; a fourth CPU drains the zone now and then, as kcompactd does. */
const scenario = `
name: circle
title: A small machine whose lists are drained now and then
about: For a test.
machine:
  cpus: 4
  memory: 256 MiB
kernel:
  distribution: sles-2011
  version: '5.10'
tasks:
  - kind: anonymous
    name: grower
    count: 3
    cpus: 0-2
    memory: 12 MiB
    lifetime: 5 ms
calls:
  - cause: compaction
    cpu: 3
    start: 2 ms
    every: 4 ms
run:
  seconds: 0.01
`;

// Once in workers, once in interrupts.
test.each([
  ['5.10', 'worker'],
  ['4.19', 'everyone'],
])(
  'a simulated run of %s, drained by %s, is predicted exactly',
  async (version, policy) => {
    const file = join(folder, 'circle.yaml');
    writeFileSync(file, scenario);
    const out = join(folder, `${version}-${policy}`);
    const args = [
      'simulate',
      file,
      '--policy',
      policy,
      '--set',
      `kernel.version=${version}`,
      '--trace-out',
      out,
    ];
    const made = spawnSync(process.execPath, ['--import', 'tsx', join(root, 'src/cli/main.ts'), ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(made.stderr + made.stdout).not.toContain('[E_');
    const { reader, machine, snapshots, name, kernel } = await openRecording(out);
    await reader.close();
    const open = async () => (await openRecording(out)).reader;
    const { zones, cpusScored } = await validateDriven(open, machine, snapshots, {
      name,
      kernel,
      knowledge: 'causal',
    });
    const busy = zones.find((zone) => zone.name === 'DMA32');
    expect(cpusScored).toBeGreaterThanOrEqual(1);
    for (const tally of [busy?.refills, busy?.giveBacks, busy?.types, busy?.drains, busy?.snapshots]) {
      expect(tally?.observed).toBeGreaterThan(0);
      expect(tally).toMatchObject({ predicted: tally?.observed, exact: tally?.observed });
    }
    expect(busy?.refills.observed).toBeGreaterThan(300);
  },
  60_000,
);
