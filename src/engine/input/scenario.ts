/**
 * A scenario: a machine, its kernel, what runs on it, and how the run is made. This is the resolved form:
 * every value is there, in plain units. `src/scenario/` makes it from YAML or from `defineScenario`, with
 * defaults and checks; the engine takes it as it is.
 */

import type { BitSet } from '../../base/bit-set.ts';
import type { Nanoseconds, Pages } from '../../base/units.ts';
import type { DrainCause } from './drain-request.ts';

export const scenarioSchema = 'drainlab.scenario/1';

export interface Scenario {
  readonly name: string;
  /** One sentence: what it shows. */
  readonly title: string;
  readonly about: string;
  /** What the 2011 thread says about it, quoted by line numbers of the mail; '' if nothing. */
  readonly thread: string;
  readonly machine: MachineSpec;
  readonly kernel: KernelSpec;
  readonly tasks: readonly TaskSpec[];
  readonly calls: readonly CallSpec[];
  readonly faults: FaultsSpec;
  readonly costs: CostSpec;
  readonly run: RunSpec;
}

export interface ZoneSpec {
  readonly name: 'DMA' | 'DMA32' | 'Normal' | 'Movable';
  readonly node: number;
  readonly startPfn: number;
  /** Managed pages; the span is as long. A multiple of 512 except for DMA. */
  readonly pages: Pages;
}

export interface MachineSpec {
  /** Possible CPUs, 0 … cpus-1. */
  readonly cpus: number;
  readonly online: BitSet;
  /** isolcpus and nohz_full: the scheduler places nothing there but what the scenario pins. */
  readonly isolated: BitSet;
  readonly nodes: number;
  /** Node of each CPU. */
  readonly nodeOfCpu: Int32Array;
  /** Ascending by startPfn. */
  readonly zones: readonly ZoneSpec[];
  /** Idle states by processor generation (machine/idle-states.ts). `none`: idle CPUs poll. */
  readonly idle:
    | 'none'
    | 'nehalem'
    | 'sandy-bridge'
    | 'haswell'
    | 'skylake-sp'
    | 'ice-lake-sp'
    | 'sapphire-rapids'
    | 'sierra-forest';
  /** How interrupts to several CPUs are sent: one write a target, one a cluster of 16, one for all-but-self where allowed. */
  readonly interruptMode: 'physical' | 'x2apic-cluster' | 'shorthand';
  /** Pages that the kernel and what is not modelled hold from the start, spread over the zones by size. */
  readonly usedPages: Pages;
  /** Pages of files that are in memory at the start (reclaimable), spread likewise. */
  readonly cachePages: Pages;
  /** A guest whose CPUs share fewer processors of a host; null: every CPU runs at all times. */
  readonly host: HostSpec | null;
}

export interface HostSpec {
  readonly cpus: number;
  /** Time slice of a guest CPU when others wait. */
  readonly sliceNs: Nanoseconds;
}

export interface KernelSpec {
  /** `3.0`, `3.4`, `5.10`, `6.12`, …: chooses the rules (machine/kernel-rules.ts). */
  readonly version: string;
  /** CONFIG_NR_CPUS. */
  readonly nrCpus: number;
  /** CONFIG_CPUMASK_OFFSTACK (forced by MAXSMP). */
  readonly offstack: boolean;
  readonly slab: 'slab' | 'slub';
  /** CONFIG_PCP_BATCH_SCALE_MAX, from 6.7. */
  readonly batchScaleMax: number;
  /** vm.min_free_kbytes; -1: the kernel's rule. */
  readonly minFreeKbytes: number;
  /** vm.watermark_scale_factor, from 4.6. */
  readonly watermarkScaleFactor: number;
  /** vm.percpu_pagelist_fraction up to 5.13, _high_fraction from 5.14; 0: off. */
  readonly pagelistFraction: number;
  /** CONFIG_TRANSPARENT_HUGEPAGE: lists for huge pages from 5.14. */
  readonly thp: boolean;
  /** Bytes of a mask whatever the rules say; -1: the rules. For the patched runs with masks of 512 bytes. */
  readonly maskBytes: number;
  /** x86 up to 4.19: sending to several CPUs allocates a mask of its own (GFP_ATOMIC). */
  readonly sendAllocatesMask: boolean;
  /** The v5/v6 patches: only the last populated zone decides whether a CPU is in the mask. */
  readonly lastZoneDecides: boolean;
}

export const taskKinds = [
  'hackbench',
  'reader',
  'page-cache',
  'anonymous',
  'fork-storm',
  'network',
  'slab-user',
  'spinner',
  'sleeper',
  'walker',
] as const;
export type TaskKind = (typeof taskKinds)[number];

/** A group of equal tasks. What the numbers mean for each kind: docs/model.md, machine/tasks/. */
export interface TaskSpec {
  readonly kind: TaskKind;
  readonly name: string;
  /** Number of tasks (hackbench: groups of 40). */
  readonly count: number;
  /** CPUs on which they may run; tasks are dealt out in turn. */
  readonly cpus: BitSet;
  /** Pages that one task grows to or streams over. */
  readonly pages: Pages;
  /** Order of its allocations. */
  readonly order: number;
  /** Page operations a second while running; 0: as fast as the costs allow. */
  readonly rate: number;
  /** Lifetime after which it exits and is started anew; 0: lives on. */
  readonly lifetimeNs: Nanoseconds;
  /** Pause between two rounds of work. */
  readonly sleepNs: Nanoseconds;
  readonly startNs: Nanoseconds;
  /** SCHED_FIFO: kernel workers of its CPU wait while it runs. */
  readonly fifo: boolean;
  /** Bytes of an object, for `slab-user`. */
  readonly objectBytes: number;
  /** Further numbers that one kind knows (hackbench: `messages`, `tasksPerGroup`, …). */
  readonly extra: Readonly<Record<string, number>>;
}

/** Somebody other than direct reclaim asks for a drain. */
export interface CallSpec {
  readonly cause: Exclude<DrainCause, 'direct-reclaim' | 'unknown'>;
  readonly cpu: number;
  readonly startNs: Nanoseconds;
  /** 0: once. */
  readonly everyNs: Nanoseconds;
  /** Position in `machine.zones`, or -1 for what the kernel version names. */
  readonly zone: number;
  /** `cpu-offline`: the CPU that goes; `memory-offline`, `contiguous-range`: ignored. */
  readonly victim: number;
  /** `cpu-offline`: it comes back after this; 0: never. */
  readonly backNs: Nanoseconds;
  /** `memory-offline`, `contiguous-range`: pages of the range. */
  readonly pages: Pages;
}

/** The kernel's fault attributes (lib/fault-inject.c). */
export interface FaultSpec {
  readonly probability: number;
  readonly interval: number;
  /** -1: without end. */
  readonly times: number;
  readonly space: number;
  readonly taskFilter: boolean;
  readonly ignoreGfpWait: boolean;
  /** failslab only: only caches that are flagged. */
  readonly cacheFilter: boolean;
  /** fail_page_alloc only. */
  readonly minOrder: number;
}

export interface FaultsSpec {
  readonly failslab: FaultSpec | null;
  readonly failPageAlloc: FaultSpec | null;
}

/** Times of single steps, in ns. machine/costs.ts has the defaults and the source of each. */
export type CostSpec = Readonly<Record<string, number>>;

export interface RunSpec {
  readonly seconds: number;
  readonly seed: number;
  /** Runs for each policy, with seeds seed, seed+1, … */
  readonly seeds: number;
  readonly policies: readonly string[];
  readonly baseline: string;
  /** Page operations that a task does at one point in time, at most. */
  readonly stepPages: number;
  /** Checks conservation of pages after each so many events; 0: at the end only. */
  readonly checkEvery: number;
  readonly maxEvents: number;
}
