/** A small machine that is short of memory from the first millisecond on: many drains in little time, for tests. */

import type { Scenario } from '../src/engine/input/scenario.ts';
import { readYaml } from '../src/scenario/read-yaml.ts';
import { parseSet } from '../src/scenario/set-values.ts';

const text = `name: small-storm
title: many drains in little time
machine:
  cpus: 16
  memory: 160 MiB
kernel:
  version: 3.0
  nrCpus: 4096
  offstack: true
tasks:
  - kind: anonymous
    name: grower
    count: 6
    cpus: 0-5
    memory: 20 MiB
  - kind: reader
    count: 4
    cpus: 4-7
calls:
  - cause: soft-offline
    cpu: 8
    start: 2 ms
    every: 1 ms
run:
  seconds: 0.05
  policies: [everyone, selective, static-mask]
`;

/** `sets` as on the command line: `kernel.version=5.10`. */
export function smallStorm(...sets: string[]): Scenario {
  return readYaml(text, { file: 'small-storm.yaml', sets: sets.map(parseSet) });
}
