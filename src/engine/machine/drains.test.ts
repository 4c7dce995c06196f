/** One drain at a time on a machine at rest, by each carrier: counts and times against sums by hand, with the default costs. */

import { describe, expect, test } from 'vitest';
import { type MachineByHand, onCpus, park, rowsOf, simulationWith, Witness } from '../../../test/machines.ts';
import { DrainResult, MaskSource, Retry } from '../accounting/run.ts';
import {
  builtInPolicies,
  everyone,
  none,
  remote,
  selective,
  skipIsolated,
  staticMask,
  twoPass,
  worker,
} from '../policy/built-in.ts';
import { definePolicy, type Policy } from '../policy/policy.ts';

const startNs = 1000;

/** CPU 0 calls drain_all_pages(NULL) once at `startNs`; `parked`: pages on the list of each CPU. Up to 4.5 nobody reads pagetypeinfo. */
function oneDrain(policy: Policy, parked: readonly number[], by: MachineByHand = {}) {
  const old = ['3.0', '3.4'].includes(by.version ?? '5.10');
  const witness = new Witness();
  const simulation = simulationWith(
    { cpus: parked.length, calls: [{ cause: old ? 'memory-failure' : 'debug-read', startNs }], ...by },
    policy,
    witness,
  );
  parked.forEach((pages, cpu) => {
    park(simulation.memory, cpu, pages);
  });
  const freeBefore = simulation.memory.buddy.free[0];
  simulation.runUntil(1e9);
  const run = simulation.finish();
  const rows = rowsOf(run.drains);
  const [row] = rows;
  const back = simulation.memory.buddy.free[0] - freeBefore;
  return { run, row, rows, witness, back, ns: row.endNs - row.timeNs, simulation };
}

describe('by interrupt', () => {
  test('everyone, 3 CPUs with 10 pages each, 3.0: both handlers want the lock of the zone', () => {
    const { row, ns, back, run } = oneDrain(everyone, [10, 10, 10], { version: '3.0' });
    // Sent: 100 + 250 + one cluster 150 = 500; both arrive at 500 + 560 = 1060 and look at their list until 1370; they hold the
    // lock for 60 + 10 x 75 = 810 each: 2180 and 2990. Answers: 2990 + 450 + 100 = 3540. Own part: 10 + 810.
    expect(ns).toBe(4360);
    expect(row).toMatchObject({
      timeNs: startNs,
      result: DrainResult.done,
      holders: 3,
      holderPages: 30,
      requesterHeld: 1,
      online: 3,
      targets: 3,
      interrupts: 2,
      hardwareSends: 1,
      useless: 0,
      workers: 0,
      locked: 0,
      pagesBack: 30,
      scanNs: 0,
      maskSource: MaskSource.none,
      retry: Retry.notTried,
      concurrent: 0,
      // From the end of the send to the end of the later handler.
      slowestNs: 2990 - 500,
    });
    expect(back).toBe(30);
    // 310 + 810 and, having waited for the lock, 310 + 1620; each leaves the interrupt in 200. They polled: no caches to fill.
    expect(run.counters.disturbedNs).toBe(310 + 810 + 200 + 310 + 1620 + 200);
  });

  test('everyone interrupts CPUs that hold nothing: useless', () => {
    const { row, back } = oneDrain(everyone, [0, 7, 0, 0], { version: '3.0' });
    expect(row).toMatchObject({ holders: 1, targets: 4, interrupts: 3, useless: 2, requesterHeld: 0 });
    expect(back).toBe(7);
  });

  test('static-mask interrupts holders only, after a look at every CPU', () => {
    const { row, ns } = oneDrain(staticMask, [0, 0, 10], { version: '3.4' });
    // Scan 3 x 60 = 180; one target: 100 + 250 + 150 = 500, arrives at 1240, done 310 + 810 later, answer 450 + 100. The
    // requester holds nothing and is no target.
    expect(ns).toBe(180 + 500 + 560 + 1120 + 550);
    expect(row).toMatchObject({
      targets: 1,
      interrupts: 1,
      useless: 0,
      scanNs: 180,
      maskSource: MaskSource.noAllocation,
    });
  });

  test('from 5.12 the own part runs while the others answer', () => {
    const { ns } = oneDrain(everyone, [10, 10, 10], { version: '5.15' });
    // Sent 100 + 2 x 130 + 150 = 510. Own part: 10, then the lock from 520 to 1330. Both arrive at 1070, want it at 1380 and have it
    // until 2190 and 3000. The requester sees them from 1330 on: 2190 + 450 + 100, 3000 + 450 + 100.
    expect(ns).toBe(3550);
    // 5.10: the same answers, one hold earlier, then the own part: 510 + 560 + 310 + 1620 = 3000; 3550; + 820.
    expect(oneDrain(everyone, [10, 10, 10], { version: '5.10' }).ns).toBe(3550 + 820);
  });

  test('the requester alone holds pages: no interrupt, its own part', () => {
    const { row, ns } = oneDrain(staticMask, [5, 0, 0]);
    // Scan 180, nobody to tell 0 … own part 10 + 60 + 375.
    expect(row).toMatchObject({ targets: 1, interrupts: 0, useless: 0, pagesBack: 5 });
    expect(ns).toBe(180 + (ns - 180 - 445) + 445);
    expect(row.hardwareSends).toBe(0);
  });

  test('nobody holds pages: the look is all that there is', () => {
    const { row } = oneDrain(staticMask, [0, 0, 0]);
    expect(row).toMatchObject({ targets: 0, interrupts: 0, pagesBack: 0, result: DrainResult.done });
  });

  test('none does nothing at all', () => {
    const { row, ns, back } = oneDrain(none, [10, 10, 10]);
    expect(ns).toBe(0);
    expect(back).toBe(0);
    expect(row).toMatchObject({ targets: 0, interrupts: 0, pagesBack: 0, holders: 3 });
  });

  test('a busy CPU goes on later by the handler and what it displaced from the caches', () => {
    const spinner = { kind: 'spinner' as const, cpus: onCpus(2, 1) };
    const { run } = oneDrain(staticMask, [0, 10], { tasks: [spinner] });
    // 300 + 10 + 810, leaving 200, caches 500 + 10 x 80.
    expect(run.counters.disturbedNs).toBe(1120 + 200 + 1300);
  });
});

describe('idle CPUs in C6', () => {
  const machine = { idle: 'sandy-bridge' as const };

  test('everyone wakes them all, though they hold nothing', () => {
    const { row, run, ns } = oneDrain(everyone, [10, 0, 0], { version: '3.0', machine });
    expect(row).toMatchObject({ interrupts: 2, useless: 2, idleWoken: 2 });
    expect(run.counters.idleWokenByState).toEqual([0, 0, 0, 2]);
    // CPU 0 itself slept: 104 µs before its call. 500 + 560; 104,000 to wake; 310; answers 450 + 100 + 100; own 820.
    expect(row.timeNs).toBe(startNs + 104_000);
    expect(ns).toBe(500 + 560 + 104_000 + 310 + 650 + 820);
    // The interrupts arrive 106,060 ns after the start: 345,000 - 106,060 are missing, twice: C6 pays from 345 µs on.
    expect(run.counters.lostResidencyNs).toBe(2 * (345_000 - (startNs + 104_000 + 1060)));
    expect(run.counters.disturbedNs).toBe(2 * (104_000 + 310 + 200));
  });

  test('selective wakes nobody who holds nothing', () => {
    const { row, run } = oneDrain(selective, [10, 0, 0], { version: '3.0', machine });
    expect(row).toMatchObject({ interrupts: 0, useless: 0, idleWoken: 0 });
    expect(run.counters.idleWokenByState).toEqual([0, 0, 0, 0]);
    expect(run.counters.lostResidencyNs).toBe(0);
    expect(run.counters.disturbedNs).toBe(0);
  });
});

describe('the set of CPUs', () => {
  const offstack = { offstack: true, nrCpus: 4096 };
  const always = { probability: 100, times: -1 };

  test('selective takes it from the stack without fail', () => {
    const { row } = oneDrain(selective, [0, 10, 0], { failslab: always });
    expect(row).toMatchObject({ result: DrainResult.done, maskSource: MaskSource.noAllocation, targets: 1 });
  });

  test('selective with failslab at 100 % falls back to everyone', () => {
    const { row, witness } = oneDrain(selective, [0, 10, 0], { kernel: offstack, failslab: always });
    expect(row).toMatchObject({
      result: DrainResult.fellBack,
      maskSource: MaskSource.failed,
      targets: 3,
      interrupts: 2,
      useless: 1,
      holders: 1,
    });
    expect(witness.stepsOf(0).slice(0, 5)).toEqual([
      'requested',
      'scanned',
      'mask-asked',
      'mask-failed',
      'chosen',
    ]);
  });

  test('the first mask of a cold cache costs a page, the second comes from the cache of the CPU', () => {
    const { rows } = oneDrain(selective, [0, 10, 0], {
      kernel: offstack,
      calls: [
        { cause: 'debug-read', startNs },
        { cause: 'debug-read', startNs: 1e6 },
      ],
    });
    expect(rows.map(({ maskSource }) => maskSource)).toEqual([MaskSource.pageAllocator, MaskSource.cpuCache]);
    // 3 CPUs, 5.10: 8 bytes, objects of 8 in one page.
    expect(rows.map(({ maskPages }) => maskPages)).toEqual([1, 0]);
    // From the cache: 60, and one word to clear.
    expect(rows[1].maskNs).toBe(61);
  });
});

describe('two-pass', () => {
  test('half of the CPUs are empty: it takes a mask', () => {
    const { row } = oneDrain(twoPass, [1, 1, 0, 0]);
    expect(row).toMatchObject({ result: DrainResult.done, targets: 2, interrupts: 1, useless: 0 });
    expect(row.maskSource).toBe(MaskSource.noAllocation);
  });

  test('fewer are empty: everyone by choice, and no mask', () => {
    const { row } = oneDrain(twoPass, [1, 1, 1, 0]);
    expect(row).toMatchObject({
      result: DrainResult.everyoneByChoice,
      targets: 4,
      interrupts: 3,
      useless: 1,
      maskSource: MaskSource.none,
    });
    // The look is paid all the same.
    expect(row.scanNs).toBe(4 * 60);
  });
});

describe('by worker', () => {
  test('three CPUs with 10 pages each, the others poll', () => {
    const { row, ns, back, run } = oneDrain(worker, [10, 10, 10]);
    // Look 180, queue 3 x 300: asleep at 1080. Works: own CPU 1080 + 2000 = 3080, the pollers 1080 + 100 + 2000 = 3180. Own:
    // 10, lock until 3900. CPU 1: wants it at 3190, has it until 4710; CPU 2 until 5520. Flush: 3900 + 2500; 6500; 6600.
    // The own CPU switches for 2000 and fills its caches for 500 + 800 after the work: free at 3900 + 3300 = 7200.
    expect(ns).toBe(7200);
    expect(row).toMatchObject({
      targets: 3,
      workers: 3,
      interrupts: 0,
      hardwareSends: 0,
      useless: 0,
      pagesBack: 30,
      slowestNs: 5520 - 1080,
    });
    expect(back).toBe(30);
    // CPU 1: 1530 of work, CPU 2: 2340, each with a switch of 2000 and caches of 1300. The own CPU is not disturbed.
    expect(run.counters.disturbedNs).toBe(1530 + 2340 + 2 * 3300);
  });

  test('a SCHED_FIFO task keeps the worker out for ever, and the requester waits', () => {
    const fifo = { kind: 'spinner' as const, cpus: onCpus(3, 2), fifo: true };
    const { row, simulation } = oneDrain(worker, [0, 10, 10], { tasks: [fifo] });
    expect(row).toMatchObject({ endNs: -1, workers: 2 });
    expect(simulation.memory.pagesOnLists(1, -1)).toBe(0);
    expect(simulation.memory.pagesOnLists(2, -1)).toBe(10);
    // The interrupt of 3.4 and the list locks of 6.0 do not ask.
    expect(oneDrain(staticMask, [0, 10, 10], { tasks: [fifo] }).row).toMatchObject({ pagesBack: 20 });
    expect(oneDrain(remote, [0, 10, 10], { tasks: [fifo], version: '6.1' }).row).toMatchObject({
      pagesBack: 20,
    });
  });

  test('with real-time throttling it gets in when the period is used up', () => {
    const fifo = { kind: 'spinner' as const, cpus: onCpus(3, 2), fifo: true };
    const { row } = oneDrain(worker, [0, 0, 10], { tasks: [fifo], costs: { rtRuntimePercent: 95 } });
    // The spinner runs from 0 on: out at 950 ms, then a switch of 2 µs, at once 820 of work; the flush 2500.
    expect(row.pagesBack).toBe(10);
    expect(row.endNs).toBeGreaterThan(950e6);
    expect(row.endNs).toBeLessThan(950.02e6);
  });

  test('a worker runs on the requester itself when it sleeps, though it is a SCHED_FIFO task', () => {
    // A reclaimer of real-time class: only its own list holds pages, what reclaim freed.
    const machine = { usedPages: 55_000, cachePages: 9_536 };
    const witness = new Witness();
    const simulation = simulationWith(
      {
        cpus: 1,
        machine,
        kernel: { minFreeKbytes: 4000 },
        tasks: [{ kind: 'anonymous', pages: 3000, fifo: true, extra: { unkillable: 1 } }],
        run: { seconds: 0.05 },
      },
      worker,
      witness,
    );
    simulation.runUntil(1e9);
    const rows = rowsOf(simulation.finish().drains);
    expect(rows.length).toBeGreaterThan(0);
    for (const { endNs } of rows.slice(0, -1)) expect(endNs).toBeGreaterThan(0);
    expect(rows[0].endNs).toBeGreaterThan(0);
  });

  test('works that a SCHED_FIFO task kept out run when it exits', () => {
    const fifo = {
      kind: 'anonymous' as const,
      cpus: onCpus(3, 2),
      fifo: true,
      pages: 1000,
      lifetimeNs: 50e6,
      extra: { restartNs: 200e6 },
    };
    const { row } = oneDrain(worker, [0, 0, 10], {
      tasks: [fifo],
      run: { checkEvery: 0, seconds: 0.06 },
    });
    expect(row.endNs).toBeGreaterThan(50e6);
    expect(row.endNs).toBeLessThan(60e6);
  });
});

describe('from afar', () => {
  test('three CPUs with 10 pages each, one after the other', () => {
    const { row, ns, back, run } = oneDrain(remote, [10, 10, 10], { version: '6.12' });
    // Look 180; each list 100 + 60 + 750 = 910, and 60 to read its count again.
    expect(ns).toBe(180 + 3 * 970);
    expect(row).toMatchObject({
      targets: 3,
      locked: 2,
      interrupts: 0,
      workers: 0,
      useless: 0,
      pagesBack: 30,
      slowestNs: 3 * 970,
    });
    expect(back).toBe(30);
    expect(run.counters.disturbedNs).toBe(0);
  });

  test('from 6.10 in holds of at most batch << scale pages', () => {
    const chunks = (version: string, batchScaleMax: number) =>
      oneDrain(remote, [0, 20], { version, kernel: { batchScaleMax } }).ns - 120;
    // Batch 15 (65,536 pages). One hold: 100 + 60 + 20 x 75 + 60. Scale 0: 15 pages and 5, twice 220.
    expect(chunks('6.12', 5)).toBe(1720);
    expect(chunks('6.12', 0)).toBe(1720 + 220);
    expect(chunks('6.1', 0)).toBe(1720);
  });

  test('the owner of a locked list goes to the free lists', () => {
    const { simulation, row } = oneDrain(remote, [0, 60], { version: '6.1' });
    const { memory } = simulation;
    const lockedAt = row.timeNs + 120 + 1;
    park(memory, 1, 5);
    memory.nowNs = lockedAt;
    const free = memory.buddy.free[0];
    memory.free(1, memory.allocate(1, 0, 1, 1, 0));
    expect(memory.lockedOut).toBe(2);
    expect(memory.buddy.free[0]).toBe(free);
    expect(memory.pagesOnLists(1, -1)).toBe(5);
  });
});

describe('skip-isolated', () => {
  test('leaves isolated holders alone', () => {
    const { row, simulation } = oneDrain(skipIsolated, [0, 10, 10], { isolated: [2] });
    expect(row).toMatchObject({ isolatedHolders: 1, isolatedDisturbed: 0, targets: 1, pagesBack: 10 });
    expect(simulation.memory.pagesOnLists(2, -1)).toBe(10);
  });
});

describe('several at once', () => {
  const calls = [
    { cause: 'debug-read' as const, cpu: 0, startNs },
    { cause: 'debug-read' as const, cpu: 1, startNs: startNs + 10 },
  ];

  test('a drain that finds another at work returns at once', () => {
    for (const policy of [worker, remote]) {
      const { rows } = oneDrain(policy, [10, 10, 10], { calls, version: policy === remote ? '6.1' : '5.10' });
      expect(rows[0]).toMatchObject({ result: DrainResult.done, pagesBack: 30 });
      expect(rows[1]).toMatchObject({ result: DrainResult.busy, pagesBack: 0, concurrent: 1, targets: 0 });
      // sendBaseNs stands for the trylock and the return.
      expect(rows[1].endNs - rows[1].timeNs).toBe(100);
    }
  });

  test('one that was turned away does not end the turn of the first: the next is turned away too', () => {
    const third = { cause: 'debug-read' as const, cpu: 2, startNs: startNs + 500 };
    const { rows } = oneDrain(worker, [10, 10, 10], { calls: [...calls, third] });
    expect(rows.map(({ result }) => result)).toEqual([DrainResult.done, DrainResult.busy, DrainResult.busy]);
    expect(rows[2].concurrent).toBe(1);
  });

  test('one that names a zone waits for its turn, and drains what is there then', () => {
    const byZone = [calls[0], { ...calls[1], cause: 'compaction' as const }];
    const { rows, witness } = oneDrain(worker, [10, 10, 10], { calls: byZone });
    expect(rows[1]).toMatchObject({ result: DrainResult.done, zone: 0, holders: 0, pagesBack: 0 });
    expect(rows[1].endNs).toBeGreaterThanOrEqual(rows[0].endNs);
    expect(witness.stepsOf(1)[1]).toBe('waits-for-turn');
    expect(witness.requests.map(({ holders }) => holders)).toEqual([[0, 1, 2], []]);
  });

  test('by interrupt both go on, and the second finds lists that the first emptied', () => {
    const { rows, run } = oneDrain(everyone, [10, 10, 10], { calls, version: '5.10' });
    expect(rows.map(({ interrupts }) => interrupts)).toEqual([2, 2]);
    expect(rows[1].concurrent).toBe(1);
    expect(rows[0].pagesBack + rows[1].pagesBack).toBe(30);
    expect(rows[0].useless + rows[1].useless).toBeGreaterThan(0);
    expect(run.heldByCpu).toEqual(Int32Array.of(2, 2, 2));
  });

  test('one turn for all, others wait: the second begins when the first ends', () => {
    const inTurn = definePolicy({
      name: 'in-turn',
      select: { who: 'holders' },
      turn: 'one-others-wait',
    });
    const { rows } = oneDrain(inTurn, [10, 10, 10], { calls });
    expect(rows[1]).toMatchObject({ result: DrainResult.done, holders: 0, interrupts: 0 });
    expect(rows[1].endNs).toBeGreaterThanOrEqual(rows[0].endNs);
  });
});

describe('the counters of a drain', () => {
  test.each(builtInPolicies.map((policy) => [policy.name, policy] as const))(
    '%s: what it says it gave back is what the free lists got',
    (_, policy) => {
      const { row, back } = oneDrain(policy, [0, 13, 0, 29, 1], { version: '6.12' });
      expect(row.pagesBack).toBe(back);
      expect(back).toBe(policy === none ? 0 : 43);
    },
  );
});
