/** Where every CPU of a machine is drawn: one cell each, in groups by node and by isolated or not. */

export interface MachineGroup {
  /** -1: not known. */
  readonly node: number;
  readonly isIsolated: boolean;
  readonly cpus: Int32Array;
  /** Of its label, in pixels; its cells stand below. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

export interface MachinePlan {
  /** Side of a cell with the gap after it, in pixels. */
  readonly cell: number;
  readonly width: number;
  readonly height: number;
  readonly groups: readonly MachineGroup[];
  /** Top left corner of each CPU's cell; -1: it is offline and has none. */
  readonly left: Int32Array;
  readonly top: Int32Array;
}

export interface PlanOf {
  readonly online: Uint8Array;
  readonly isolated: Uint8Array;
  readonly nodeOfCpu: Int32Array;
}

/** Height of a group's label, and the space between groups. */
export const labelHeight = 20;
const gap = 12;
const cellMax = 64;
const cellMin = 2;

/** The largest cells with which all groups fit; below the least size of a cell the picture becomes taller than `heightMax`. */
export function machinePlan(machine: PlanOf, width: number, heightMax: number): MachinePlan {
  const members = groupsOf(machine);
  const counts = members.map(({ cpus }) => cpus.length);
  let best = { cell: 0, across: 1 };
  for (let across = 1; across <= members.length; across++) {
    const cell = largestCell(counts, across, width, heightMax);
    if (cell > best.cell) best = { cell, across };
  }
  return placed(members, machine.online.length, Math.max(best.cell, cellMin), best.across, width);
}

function groupsOf({
  online,
  isolated,
  nodeOfCpu,
}: PlanOf): Array<Omit<MachineGroup, 'left' | 'top' | 'width'>> {
  const found = new Map<string, number[]>();
  for (let cpu = 0; cpu < online.length; cpu++) {
    if (online[cpu] === 0) continue;
    const key = `${nodeOfCpu[cpu]} ${isolated[cpu]}`;
    const cpus = found.get(key);
    if (cpus === undefined) found.set(key, [cpu]);
    else cpus.push(cpu);
  }
  return [...found]
    .map(([key, cpus]) => {
      const [node, isIsolated] = key.split(' ').map(Number);
      return { node, isIsolated: isIsolated === 1, cpus: Int32Array.from(cpus) };
    })
    .sort((a, b) => a.node - b.node || Number(a.isIsolated) - Number(b.isIsolated));
}

function groupWidth(across: number, width: number): number {
  return Math.floor((width - gap * (across - 1)) / across);
}

/** Heights of the rows of groups, `across` groups a row. */
function rowHeights(counts: readonly number[], across: number, width: number, cell: number): number[] {
  const columns = Math.max(1, Math.floor(groupWidth(across, width) / cell));
  const heights: number[] = [];
  for (let first = 0; first < counts.length; first += across) {
    const rows = Math.max(...counts.slice(first, first + across).map((count) => Math.ceil(count / columns)));
    heights.push(labelHeight + rows * cell + gap);
  }
  return heights;
}

function largestCell(counts: readonly number[], across: number, width: number, heightMax: number): number {
  for (let cell = Math.min(cellMax, groupWidth(across, width)); cell >= cellMin; cell--) {
    const height = rowHeights(counts, across, width, cell).reduce((sum, each) => sum + each, 0) - gap;
    if (height <= heightMax) return cell;
  }
  return 0;
}

function placed(
  members: ReadonlyArray<Omit<MachineGroup, 'left' | 'top' | 'width'>>,
  cpuCount: number,
  cell: number,
  across: number,
  width: number,
): MachinePlan {
  const left = new Int32Array(cpuCount).fill(-1);
  const top = new Int32Array(cpuCount).fill(-1);
  const each = groupWidth(across, width);
  const columns = Math.max(1, Math.floor(each / cell));
  const heights = rowHeights(
    members.map(({ cpus }) => cpus.length),
    across,
    width,
    cell,
  );
  let y = 0;
  const groups = members.map((group, index) => {
    if (index > 0 && index % across === 0) y += heights[index / across - 1];
    const x = (index % across) * (each + gap);
    for (const [i, cpu] of group.cpus.entries()) {
      left[cpu] = x + (i % columns) * cell;
      top[cpu] = y + labelHeight + Math.floor(i / columns) * cell;
    }
    return { ...group, left: x, top: y, width: each };
  });
  const height = Math.max(1, heights.reduce((sum, each) => sum + each, 0) - gap);
  return { cell, width, height, groups, left, top };
}

/** The CPU whose cell is at a place of the picture, or -1. */
export function cpuAt({ groups, top, cell }: MachinePlan, x: number, y: number): number {
  for (const { cpus, left, width } of groups) {
    if (x < left || x >= left + width) continue;
    const columns = Math.max(1, Math.floor(width / cell));
    const column = Math.floor((x - left) / cell);
    const row = Math.floor((y - top[cpus[0]]) / cell);
    const index = row * columns + column;
    if (row < 0 || column >= columns || index >= cpus.length) continue;
    return cpus[index];
  }
  return -1;
}

/** The cell next to that of `cpu`, for keys; itself where there is none. The next group is reached from the edge of one. */
export function neighbour(plan: MachinePlan, cpu: number, towards: 'left' | 'right' | 'up' | 'down'): number {
  const order = plan.groups.flatMap(({ cpus }) => [...cpus]);
  if (order.length === 0) return -1;
  const at = order.indexOf(cpu);
  if (at < 0) return order[0];
  if (towards === 'left') return order[Math.max(0, at - 1)];
  if (towards === 'right') return order[Math.min(order.length - 1, at + 1)];
  const y = plan.top[cpu] + (towards === 'down' ? plan.cell : -plan.cell);
  const across = cpuAt(plan, plan.left[cpu], y);
  if (across >= 0) return across;
  const group = plan.groups.findIndex(({ cpus }) => cpus.includes(cpu));
  const next = plan.groups[group + (towards === 'down' ? 1 : -1)];
  if (next === undefined) return cpu;
  return towards === 'down' ? next.cpus[0] : next.cpus[next.cpus.length - 1];
}
