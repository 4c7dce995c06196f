/**
 * A database on one node of a two-node server, solvers on the other, which must not be disturbed.
 *
 *     drainlab simulate examples/isolated-node.ts
 *     drainlab simulate examples/isolated-node.ts --set kernel.version=6.12 --policy worker,remote
 */

import { defineScenario } from 'drainlab/scenario';

const cpusPerNode = 16;

export default defineScenario({
  title: 'A database beside isolated solvers: whom does each drain disturb?',
  about:
    'Node 0 reads files and grows; the CPUs of node 1 are isolated, and each runs a solver that took some pages when it started. The first drain finds those pages, the later ones find none.',
  machine: {
    cpus: 2 * cpusPerNode,
    nodes: 2,
    isolated: `${cpusPerNode}-N`,
    memory: '1 GiB',
    cache: '512 MiB',
    idle: 'skylake-sp',
  },
  kernel: { distribution: 'rhel-7' },
  tasks: [
    { kind: 'reader', name: 'table-scan', count: 8, cpus: '0-7' },
    { kind: 'anonymous', name: 'sort', count: 4, cpus: '8-11', memory: '160 MiB' },
    { kind: 'spinner', name: 'solver', count: cpusPerNode, cpus: `${cpusPerNode}-N`, pages: 32 },
  ],
  run: { seconds: 1, policies: ['everyone', 'two-pass', 'static-mask', 'worker', 'skip-isolated'] },
});
