import { describe, expect, it } from 'vitest';
import { cpuAt, labelHeight, machinePlan, neighbour } from './machine-plan.ts';

/** CPUs 0-3 on node 0, 4-7 on node 1; 6 and 7 are isolated, 1 is offline. */
const small = {
  online: Uint8Array.of(1, 0, 1, 1, 1, 1, 1, 1),
  isolated: Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 1),
  nodeOfCpu: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1),
};

function large(cpus: number, nodes: number) {
  return {
    online: new Uint8Array(cpus).fill(1),
    isolated: Uint8Array.from({ length: cpus }, (_, cpu) => (cpu % 3 === 0 ? 1 : 0)),
    nodeOfCpu: Int32Array.from({ length: cpus }, (_, cpu) => cpu % nodes),
  };
}

describe('the plan of a machine', () => {
  it('groups by node, then by isolated or not; offline CPUs have no cell', () => {
    const plan = machinePlan(small, 400, 600);
    expect(plan.groups.map(({ node, isIsolated, cpus }) => [node, isIsolated, [...cpus]])).toEqual([
      [0, false, [0, 2, 3]],
      [1, false, [4, 5]],
      [1, true, [6, 7]],
    ]);
    expect(plan.left[1]).toBe(-1);
  });

  it.each([
    [8192, 1, 1240, 420],
    [8192, 16, 1240, 420],
    [8192, 4, 388, 500],
    [4096, 1, 1240, 420],
  ])(
    'of %i CPUs on %i nodes fits into %i × %i pixels without two cells in one place',
    (cpus, nodes, width, height) => {
      const plan = machinePlan(large(cpus, nodes), width, height);
      expect(plan.height).toBeLessThanOrEqual(height);
      const taken = new Set<number>();
      for (let cpu = 0; cpu < cpus; cpu++) {
        expect(plan.left[cpu] + plan.cell).toBeLessThanOrEqual(width);
        expect(plan.top[cpu] + plan.cell).toBeLessThanOrEqual(plan.height);
        taken.add(plan.top[cpu] * width + plan.left[cpu]);
        if (cpu % 97 === 0) expect(cpuAt(plan, plan.left[cpu] + 1, plan.top[cpu] + 1)).toBe(cpu);
      }
      expect(taken.size).toBe(cpus);
    },
  );

  it('finds no CPU on a label, behind the last cell of a row, or outside', () => {
    const plan = machinePlan(small, 400, 600);
    expect(cpuAt(plan, 5, labelHeight - 1)).toBe(-1);
    expect(cpuAt(plan, plan.left[3] + plan.cell, plan.top[3] + 1)).toBe(-1);
    expect(cpuAt(plan, -1, plan.top[0])).toBe(-1);
  });

  it('goes from cell to cell, and from group to group, by arrows', () => {
    const plan = machinePlan(small, 200, 900);
    expect(neighbour(plan, -1, 'right')).toBe(0);
    expect(neighbour(plan, 0, 'right')).toBe(2);
    expect(neighbour(plan, 3, 'right')).toBe(4);
    expect(neighbour(plan, 0, 'left')).toBe(0);
    let cpu = 0;
    const seen = new Set([cpu]);
    for (let i = 0; i < 6; i++) {
      cpu = neighbour(plan, cpu, 'down');
      seen.add(cpu);
    }
    expect(cpu).toBeGreaterThanOrEqual(6);
    for (let i = 0; i < 6; i++) cpu = neighbour(plan, cpu, 'up');
    expect(cpu).toBeLessThanOrEqual(3);
  });
});
