/** The kernel's tracing files: where they are, what they offer, and small reads that other parts share. */

import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { machine, release } from 'node:os';
import { join } from 'node:path';
import type { KernelOffer } from './record/wanted-events.ts';

const usualPlaces: readonly string[] = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

/** Where tracefs is mounted, by /proc/mounts; '' where it is not. Mounts below the closed /sys/kernel/debug count too. */
export function findTracefs(mounts: string): string {
  const found: string[] = [];
  for (const line of mounts.split('\n')) {
    const [, place, type] = line.split(' ');
    if (type === 'tracefs') found.push(place);
    else if (type === 'debugfs') found.push(join(place, 'tracing'));
  }
  return found.find((place) => usualPlaces.includes(place)) ?? found[0] ?? '';
}

/** '' where the file is missing or closed to us. */
export function readOr(path: string, otherwise = ''): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

export function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** `local [global] counter` → `global`. */
export function chosenOf(text: string): string {
  return /\[([^\]]*)\]/.exec(text)?.[1] ?? text.trim();
}

/**
 * Size of the main buffer in KiB: `1410`, or `7 (expanded: 1408)` before events were first used, which is when it gets its size. That cannot be
 * brought back, so the size that it was promised is what to put back.
 */
export function kilobytesOf(text: string): number {
  return Number(/\(expanded: (\d+)\)/.exec(text)?.[1] ?? /^\d+/.exec(text.trim())?.[0] ?? 0);
}

/** CPUs that have a buffer: `cpu0`, `cpu1`, … below `per_cpu`. Ascending. */
export function bufferCpus(folder: string): number[] {
  return readdirSync(join(folder, 'per_cpu'))
    .flatMap((name) => /^cpu(\d{1,5})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** What the running kernel offers to record; parts that are closed to us are null. `root` is '' where nothing is mounted. */
export function offerOf(root: string, kallsyms: string = readOr('/proc/kallsyms')): KernelOffer {
  const events = root === '' ? '' : readOr(join(root, 'available_events'));
  return {
    events: events === '' ? null : new Set(events.split('\n').filter((name) => name !== '')),
    probes: events === '' ? null : existsSync(join(root, 'kprobe_events')),
    functions: functionAddresses(kallsyms),
    architecture: machine(),
  };
}

/** Functions and their addresses; the first of a name counts. null where the text is empty. */
function functionAddresses(kallsyms: string): Map<string, string> | null {
  if (kallsyms === '') return null;
  const addresses = new Map<string, string>();
  for (const match of kallsyms.matchAll(/^([0-9a-f]+) [tTwW] (\S+)/gm))
    if (!addresses.has(match[2])) addresses.set(match[2], match[1]);
  return addresses;
}

/** `uname -a` as far as Node and /proc say it. */
export function unameText(): string {
  const name = readOr('/proc/sys/kernel/hostname', 'localhost').trim();
  const version = readOr('/proc/sys/kernel/version').trim();
  return `Linux ${name} ${release()} ${version} ${machine()} GNU/Linux\n`;
}
