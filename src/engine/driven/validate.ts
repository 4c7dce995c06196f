/** Drives the list code with a recording, and says how much of what the kernel did it predicted. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { Machine, Zone, ZoneinfoSnapshot } from '../input/machine.ts';
import { type KernelRules, kernelRules } from '../machine/kernel-rules.ts';
import { batchRule, listLimits } from '../machine/list-limits.ts';
import type { ListLimits } from '../machine/list-supply.ts';
import type { Recording } from '../replay.ts';
import type { Knowledge } from './driven.ts';
import { drivenEraOf, drivenEras } from './eras.ts';
import { type Deviation, type Predicted, Score, type Tally } from './score.ts';

export const drivenSchema = 'drainlab.driven/1';

/** A recording that is open; each pass opens it anew. */
export interface OpenedRecording extends Recording {
  close(): Promise<void>;
}

export interface ValidateOptions {
  readonly name: string;
  readonly knowledge: Knowledge;
  /** Release of the recorded kernel, where the recording does not say. */
  readonly kernel?: string;
  readonly partial?: boolean;
  readonly signal?: AbortSignal;
  /** Share of all passes that is done, 0 … 1. */
  readonly onProgress?: (done: number) => void;
  /** Limits in place of those of the machine, and another first list: for tests that must fail. */
  readonly limits?: (zone: Zone, limits: ListLimits) => ListLimits;
  readonly roundRobinStart?: number;
}

export interface DrivenZone extends Readonly<Record<Predicted, Tally>> {
  readonly name: string;
  readonly limits: ListLimits;
  /** What the rules of this kernel say for a zone of this size; null: size not known. */
  readonly limitsByRule: ListLimits | null;
}

export interface DrivenReport {
  readonly schema: typeof drivenSchema;
  readonly name: string;
  readonly kernel: string;
  readonly era: string;
  readonly inputs: string;
  readonly knowledge: Knowledge;
  readonly events: number;
  /** Events that the tracer lost; after each, the lists are off until the next drain. */
  readonly lostEvents: number;
  /** CPUs that were drained at least once, from where on they are scored. */
  readonly cpusScored: number;
  readonly zones: readonly DrivenZone[];
  readonly deviations: ReadonlyArray<Deviation & { readonly explanation: string }>;
}

/** Throws E_DRIVEN_KERNEL where no era drives such a kernel, and E_DRIVEN_LIMITS without the zones' limits. */
export async function validateDriven(
  open: () => Promise<OpenedRecording>,
  machine: Machine,
  snapshots: readonly ZoneinfoSnapshot[],
  options: ValidateOptions,
): Promise<DrivenReport> {
  const score = new Score(machine);
  let recording = await open();
  try {
    const kernel = recording.kernel || (options.kernel ?? '');
    const rules = rulesOf(kernel);
    const era = drivenEraOf(rules);
    if (era === null) throw noEra(kernel);
    const limits = machine.zones.map((zone) => {
      const found = limitsOf(zone, machine, rules);
      return options.limits?.(zone, found) ?? found;
    });
    const { knowledge, roundRobinStart = 0 } = options;
    const passes = era.makePasses(
      { source: recording, machine, snapshots, rules, limits, knowledge, roundRobinStart },
      score,
    );
    for (const [index, pass] of passes.entries()) {
      if (index > 0) {
        await recording.close();
        recording = await open();
      }
      await recording.readRows((block) => pass.feed(block), {
        partial: options.partial,
        signal: options.signal,
        onProgress: (read, total) => {
          if (total) options.onProgress?.((index + read / total) / passes.length);
        },
      });
      if (recording.cpuCount > machine.cpuCount) throw unknownCpu(recording.cpuCount - 1);
      pass.finish();
    }
    return {
      schema: drivenSchema,
      name: options.name,
      kernel,
      era: era.name,
      inputs: era.inputs,
      knowledge,
      events: recording.diagnostics.events,
      lostEvents: [...recording.diagnostics.lostByCpu.values()].reduce((sum, lost) => sum + lost, 0),
      cpusScored: score.begun.reduce((sum, begun) => sum + begun, 0),
      zones: machine.zones.map((zone, index) => ({
        name: zone.name,
        limits: limits[index],
        limitsByRule: limitsByRule(zone, machine, rules),
        ...score.zones[index],
      })),
      deviations: score
        .deviations()
        .map((deviation) => ({ ...deviation, explanation: era.classes[deviation.class] ?? '' })),
    };
  } finally {
    await recording.close();
  }
}

function rulesOf(kernel: string): KernelRules {
  if (kernel === '') {
    throw new DrainlabError('the recording does not say by which kernel it was made', {
      code: 'E_DRIVEN_KERNEL',
      hint: 'Say it: --kernel 5.10.',
      exitCode: ExitCode.wrongUse,
    });
  }
  return kernelRules(kernel);
}

function noEra(kernel: string): DrainlabError {
  return new DrainlabError(`recordings of kernel ${kernel} cannot be driven`, {
    code: 'E_DRIVEN_KERNEL',
    hint: `Known are kernels like ${drivenEras.map(({ name }) => name).join(', ')}.`,
    exitCode: ExitCode.wrongUse,
  });
}

function unknownCpu(cpu: number): DrainlabError {
  return new DrainlabError(
    `the recording has events of CPU ${cpu}, which the zoneinfo beside it does not list`,
    {
      code: 'E_DRIVEN_LIMITS',
      hint: 'Take the zoneinfo of the recorded machine.',
      exitCode: ExitCode.wrongUse,
    },
  );
}

/** zoneinfo's own word where the limits are fixed; the bounds of a floating `high` by the rule. */
function limitsOf(zone: Zone, machine: Machine, rules: KernelRules): ListLimits {
  const byRule = limitsByRule(zone, machine, rules);
  if (rules.highRule === 'auto' && byRule !== null) return byRule;
  if (zone.batch === undefined || zone.high === undefined) {
    if (byRule !== null) return byRule;
    throw new DrainlabError('the limits of the lists are not known', {
      code: 'E_DRIVEN_LIMITS',
      where: `zone ${zone.name === '' ? '(unknown)' : zone.name}`,
      hint: 'They are read from proc-start/zoneinfo beside the recording.',
      exitCode: ExitCode.wrongUse,
    });
  }
  return { batch: zone.batch, high: zone.high, highMin: zone.high, highMax: zone.high };
}

function limitsByRule(zone: Zone, machine: Machine, rules: KernelRules): ListLimits | null {
  if (zone.managedPages === undefined) return null;
  if (rules.highRule !== 'six-batches' && zone.lowWatermark === undefined) {
    const batch = Math.max(1, batchRule(rules.batchRule, zone.managedPages));
    return zone.high === undefined
      ? null
      : { batch, high: zone.high, highMin: zone.high, highMax: zone.high };
  }
  return listLimits(rules, {
    managedPages: zone.managedPages,
    lowWatermark: zone.lowWatermark ?? 0,
    localCpus: machine.online.count,
    fraction: 0,
  });
}
