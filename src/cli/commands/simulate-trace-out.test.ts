import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { scenarioOf } from '../../../test/hand-made-runs.ts';
import { BitSet } from '../../base/bit-set.ts';
import type { DrainRequest } from '../../engine/input/drain-request.ts';
import { Kind } from '../../engine/input/event-log.ts';
import type { MachineView } from '../../engine/input/machine-view.ts';
import type { RunObserver } from '../../engine/input/run-observer.ts';
import { makeRebuild } from '../../engine/model/rebuild.ts';
import { everyone, remote, selective, staticMask, worker } from '../../engine/policy/built-in.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import { replay } from '../../engine/replay.ts';
import { openRecording } from '../recording.ts';
import { openTraceOut } from './simulate-trace-out.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drainlab-out-'));
  made.push(folder);
  return folder;
}

const cpus = 4;
const batch = 4;
const high = 12;

/** Drains of the small machine below, as they were. */
interface Drained {
  readonly cpu: number;
  readonly timeNs: number;
  readonly holders: string;
  readonly interrupts: number;
}

/**
 * Four CPUs, one zone, one list each, and no more rules than the events need: who takes from an empty list refills it, who
 * frees beyond `high` gives `batch` back, and a drain empties the lists of those that hold pages (or of everyone).
 */
class SmallMachine implements MachineView {
  observer: RunObserver = {};
  readonly drains: Drained[] = [];
  readonly #lists: number[][] = [];
  readonly #taken: number[] = [];
  #nextPfn = 5000;
  #timeNs = 0;
  #random = 12345;
  readonly #policy: Policy;

  constructor(policy: Policy) {
    this.#policy = policy;
    for (let cpu = 0; cpu < cpus; cpu++) this.#lists.push([]);
  }

  get timeNs(): number {
    return this.#timeNs;
  }

  pagesOnList(cpu: number): number {
    return this.#lists[cpu].length;
  }
  batch(): number {
    return batch;
  }
  high(): number {
    return high;
  }
  freePages(): number {
    return 1000;
  }
  watermark(): number {
    return 10;
  }
  isOnline(): boolean {
    return true;
  }
  isIdle(): boolean {
    return false;
  }
  commOf(pid: number): string {
    return `task ${pid}`;
  }

  run(steps: number): void {
    for (let i = 0; i < steps; i++) {
      this.#timeNs += 1000 + this.#draw(5000);
      const cpu = this.#draw(cpus);
      const what = this.#draw(20);
      if (what < 9) this.#allocate(cpu);
      else if (what < 18) this.#free(cpu);
      else if (what === 18) this.#allocateHighOrder(cpu);
      else this.#drain(cpu);
    }
  }

  #draw(limit: number): number {
    this.#random = (Math.imul(this.#random, 1103515245) + 12345) >>> 0;
    return (this.#random >>> 16) % limit;
  }

  #tell(
    kind: number,
    cpu: number,
    columns: { pfn?: number; order?: number; a?: number; b?: number; c?: number } = {},
  ): void {
    const { pfn = 0, order = 0, a = 0, b = 0, c = 0 } = columns;
    this.observer.event?.(kind, this.#timeNs, cpu, 100 + cpu, pfn, order, a, b, c);
  }

  #allocate(cpu: number): void {
    const list = this.#lists[cpu];
    if (list.length === 0) {
      for (let i = 0; i < batch; i++) {
        const pfn = this.#nextPfn++;
        this.#tell(Kind.pageAllocZoneLocked, cpu, { pfn, a: 1, b: 1 });
        list.push(pfn);
      }
    }
    const pfn = list.shift() as number;
    this.#taken.push(pfn);
    this.#tell(Kind.pageAlloc, cpu, { pfn, a: 1 });
  }

  #allocateHighOrder(cpu: number): void {
    const pfn = this.#nextPfn;
    this.#nextPfn += 32;
    this.#tell(Kind.pageAllocZoneLocked, cpu, { pfn, order: 5, a: 1, b: 0 });
    this.#tell(Kind.pageAlloc, cpu, { pfn, order: 5, a: 1 });
  }

  #free(cpu: number): void {
    const pfn = this.#taken.shift();
    if (pfn === undefined) return;
    this.#tell(Kind.pageFree, cpu, { pfn });
    this.#lists[cpu].unshift(pfn);
    if (this.#lists[cpu].length >= high) this.#giveBack(cpu, cpu, batch);
  }

  #giveBack(cpu: number, owner: number, count: number): void {
    this.#tell(Kind.freePcppagesBulk, cpu, { a: 0, b: count, c: owner });
    for (let i = 0; i < count; i++)
      this.#tell(Kind.pagePcpuDrain, cpu, { pfn: this.#lists[owner].pop(), a: 1 });
  }

  #drain(cpu: number): void {
    const holders = BitSet.of(
      cpus,
      [0, 1, 2, 3].filter((other) => this.#lists[other].length > 0),
    );
    const targets = this.#policy.select.who === 'everyone' ? BitSet.full(cpus) : holders;
    const number = this.drains.length;
    const { carrier } = this.#policy;
    const interrupts = carrier === 'interrupt' ? [...targets].filter((target) => target !== cpu).length : 0;
    this.drains.push({ cpu, timeNs: this.#timeNs, holders: [...holders].join(','), interrupts });
    this.#tell(Kind.directReclaimEnd, cpu, { a: 32 });
    this.#tell(Kind.drainAllPages, cpu, { a: -1 });
    this.observer.drainRequested?.(this.#request(number, cpu, holders));
    if (carrier === 'worker')
      for (const target of targets) this.#tell(Kind.drainWorkQueued, cpu, { a: target });
    for (const target of targets) {
      this.#timeNs += 1500;
      this.#drainOf(target, cpu, number);
    }
    this.#timeNs += 700;
    this.observer.drainStep?.(number, 'ended', this.#timeNs, cpu, 0);
    this.#allocate(cpu);
  }

  #drainOf(target: number, requester: number, number: number): void {
    const count = this.#lists[target].length;
    const { carrier } = this.#policy;
    const by = carrier === 'lock' ? requester : target;
    this.observer.drainStep?.(number, 'began-on', this.#timeNs, target, count);
    if (carrier === 'worker') {
      this.#tell(Kind.drainWorkStart, by);
      this.#tell(Kind.drainLocalPagesWq, by);
    } else if (carrier === 'lock') this.#tell(Kind.drainPagesZone, by, { a: target, b: 0 });
    else this.#tell(Kind.drainLocalPages, by, { a: -1 });
    if (count > 0) this.#giveBack(by, target, count);
    if (carrier === 'worker') this.#tell(Kind.drainWorkEnd, by);
    this.observer.drainStep?.(number, 'ended-on', this.#timeNs, target, count);
  }

  #request(number: number, cpu: number, holders: BitSet): DrainRequest {
    return {
      number,
      timeNs: this.#timeNs,
      cpu,
      pid: 100 + cpu,
      cause: 'direct-reclaim',
      zone: -1,
      forced: false,
      online: BitSet.full(cpus),
      isolated: new BitSet(cpus),
      pages: Int32Array.from(this.#lists, (list) => list.length),
      holders,
      unknown: new BitSet(cpus),
      concurrent: 0,
    };
  }
}

async function rebuilt(folder: string) {
  const recording = await openRecording(folder);
  const requests: Drained[] = [];
  const rebuild = makeRebuild(recording.reader, recording.machine, recording.snapshots, {
    drainRequested: ({ cpu, timeNs, holders }) => {
      requests.push({ cpu, timeNs, holders: [...holders].join(','), interrupts: -1 });
    },
    drainEnded: ({ number, interruptsSent }) => {
      requests[number] = { ...requests[number], interrupts: interruptsSent };
    },
  });
  await recording.reader.readRows((block) => rebuild.feed(block));
  return { report: rebuild.finish(), requests };
}

describe('a written run is replayed as it was', () => {
  test.each([
    ['3.0', everyone],
    ['3.4', staticMask],
    ['3.0', selective],
    ['5.10', worker],
    ['6.1', remote],
    ['6.12', remote],
    ['6.12', staticMask],
    ['5.10', remote],
    ['6.12', worker],
  ])('under Linux %s by $name', async (version, policy) => {
    const folder = join(newFolder(), 'run');
    const machine = new SmallMachine(policy);
    const written = openTraceOut(folder).begin(scenarioOf({ cpus, version }), policy, machine);
    machine.observer = written.observer;
    machine.run(1500);
    written.finish(machine.timeNs);
    const { report, requests } = await rebuilt(folder);
    const told =
      policy.carrier === 'interrupt' ? (n: number) => n : policy.carrier === 'worker' ? () => 0 : () => -1;
    expect(requests).toEqual(
      machine.drains.map((drain) => ({ ...drain, interrupts: told(drain.interrupts) })),
    );
    expect(requests.length).toBeGreaterThan(50);
    // The last snapshot is compared list by list.
    expect(report).toMatchObject({ listsCompared: cpus, listsEqual: cpus, anchor: 'snapshot' });
    expect([report.drainsEqual, report.holdersEqual]).toEqual([
      report.drainsCompared,
      report.holdersCompared,
    ]);
    expect(report.drainsCompared + report.holdersCompared).toBeGreaterThan(50);
    expect([...report.notes]).toEqual([]);

    const recording = await openRecording(folder);
    const verdict = await replay(recording.reader, recording.machine, recording.snapshots, {
      kernel: recording.kernel,
    });
    expect(verdict.source.kernel).toBe(`${version}.0-simulated`);
    const own = verdict.policies.find(({ name }) => name === policy.name);
    expect(own?.interrupts).toBe(machine.drains.reduce((sum, { interrupts }) => sum + interrupts, 0));
    expect(verdict.drains.byCause['direct-reclaim']).toBe(machine.drains.length);
  });
});

test('JSON for Chrome and Perfetto: drains, what CPUs do for them, counters', () => {
  const file = join(newFolder(), 'run.json');
  const machine = new SmallMachine(everyone);
  const written = openTraceOut(file).begin(scenarioOf({ cpus }), everyone, machine);
  machine.observer = written.observer;
  machine.run(200);
  written.finish(machine.timeNs);
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8'));
  const of = (phase: string) => traceEvents.filter(({ ph }: { ph: string }) => ph === phase);
  expect(of('b')).toHaveLength(machine.drains.length);
  expect(of('e')).toHaveLength(machine.drains.length);
  expect(of('X').filter(({ pid }: { pid: number }) => pid === 1)).toHaveLength(machine.drains.length * cpus);
  expect(of('C').length).toBeGreaterThan(machine.drains.length);
});

describe('what is there already', () => {
  test('another recording is not written over', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'trace.dat'), '');
    expect(() => openTraceOut(folder)).toThrow('holds another recording: trace.dat');
    expect(() => openTraceOut(join(folder, 'trace.dat'))).toThrow('is a file');
    expect(() => openTraceOut(join(folder, 'run.txt'))).toThrow('holds another recording');
  });

  test('snapshots of something else would be taken for its own', () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'zoneinfo'));
    expect(() => openTraceOut(folder)).toThrow('holds snapshots of something else');
  });

  test('its own run is', () => {
    const folder = join(newFolder(), 'run');
    for (const steps of [50, 10]) {
      const machine = new SmallMachine(everyone);
      const written = openTraceOut(folder).begin(scenarioOf({ cpus }), everyone, machine);
      machine.observer = written.observer;
      machine.run(steps);
      written.finish(machine.timeNs);
    }
    expect(readFileSync(join(folder, 'trace.txt'), 'utf8').match(/snapshot \d+ begin/g)).toHaveLength(2);
  });

  test('a place that cannot be written is said before the run', () => {
    expect(() => openTraceOut('/proc/nothing/run.json')).toThrow('cannot write it');
  });
});
