/**
 * One line of a light recording (`drainlab record --light`): a drain with the set of CPUs that the kernel itself chose.
 * docs/trace-formats.md has the line; the program that writes it is made by host/record/light-program.ts.
 */

import { BitSet } from '../../base/bit-set.ts';
import type { Nanoseconds, ZoneIndex } from '../../base/units.ts';
import type { Machine } from '../input/machine.ts';

export interface LightDrain {
  /** Kernel function that asked. */
  readonly caller: string;
  /** The zone asked for; -1: every zone, or one that is not known. */
  readonly zone: ZoneIndex;
  readonly zoneIsKnown: boolean;
  readonly forced: boolean;
  /** At least one CPU was drained. */
  readonly drained: boolean;
  readonly turnedAway: boolean;
  /** `turnedAway` follows from whether another drain ran when this one was asked for. */
  readonly inferred: boolean;
  /** CPUs that the kernel chose: its holders, or when forced all. */
  readonly chosen: BitSet;
  /** Built-in policy by which the kernel drains. */
  readonly policy: 'worker' | 'remote';
  readonly durationNs: Nanoseconds;
}

/** What lines are passed over for, as notes of the rebuild; docs/trace-formats.md explains them. */
const notUnderstood = 'line of a drain that is not understood';
const otherMachine = 'drain of a CPU that the machine does not have';

/** Longest mask: 8192 CPUs, NR_CPUS of any kernel, in hexadecimal digits. */
const maskDigitsMax = 2048;

/** `caller=… zone=DMA32 node=0 forced=0 result=drained by=requester cpus=4 mask=0x0f dur_ns=1234`, or why it is passed over. */
export function parseLightDrain(text: string, machine: Machine): LightDrain | string {
  const field = fieldsOf(text);
  const result = /^(drained|empty\??|turned-away\?)$/.exec(field('result'))?.[1];
  const by = /^(requester|worker)$/.exec(field('by'))?.[1];
  const digits = /^0x([0-9a-f]+)$/.exec(field('mask'))?.[1] ?? '';
  const isWhole = [field('cpus'), field('dur_ns')].every((value) => /^\d{1,15}$/.test(value));
  if (result === undefined || by === undefined || !isWhole || !/^[01]$/.test(field('forced')))
    return notUnderstood;
  if (digits === '' || digits.length > maskDigitsMax) return notUnderstood;
  const mask = maskOf(digits);
  if (mask.count !== Number(field('cpus')) || mask.count > 0 !== (result === 'drained')) return notUnderstood;
  if (mask.next(machine.cpuCount) >= 0) return otherMachine;
  const chosen = new BitSet(machine.cpuCount);
  for (const cpu of mask) chosen.add(cpu);
  const zone = zoneIn(machine, field('zone'), Number(field('node')));
  return {
    caller: field('caller'),
    zone,
    zoneIsKnown: zone >= 0 || field('zone') === 'all' || field('zone') === '0x0',
    forced: field('forced') === '1',
    drained: result === 'drained',
    turnedAway: result === 'turned-away?',
    inferred: result.endsWith('?'),
    chosen,
    policy: by === 'worker' ? 'worker' : 'remote',
    durationNs: Number(field('dur_ns')),
  };
}

/** Value of a field of the line; '' when there is none. The first of several counts. */
function fieldsOf(text: string): (name: string) => string {
  const values = new Map<string, string>();
  for (const word of text.split(' ')) {
    const equals = word.indexOf('=');
    if (equals > 0 && !values.has(word.slice(0, equals)))
      values.set(word.slice(0, equals), word.slice(equals + 1));
  }
  return (name) => values.get(name) ?? '';
}

function maskOf(digits: string): BitSet {
  const mask = new BitSet(digits.length * 4);
  for (let end = digits.length, word = 0; end > 0; end -= 8, word++)
    mask.words[word] = Number.parseInt(digits.slice(Math.max(0, end - 8), end), 16);
  return mask;
}

function zoneIn(machine: Machine, name: string, node: number): ZoneIndex {
  return machine.zones.findIndex((zone) => zone.name === name && zone.node === node);
}
