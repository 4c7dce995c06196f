/**
 * What a light recording needs of a kernel: on which function a drain begins and ends, where the kernel's own set of CPUs can be
 * read, and when. Chosen by the kernel's symbols, never by its version.
 */

import { formatCpuList } from '../../base/cpu-list.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { HostSnapshot } from '../../snapshot/host-snapshot.ts';

export interface LightKernel {
  readonly release: string;
  readonly architecture: string;
  /**
   * A drain is one call of this function: `__drain_all_pages`; where gcc split it, the part that runs once the call has its turn;
   * before 5.11 `drain_all_pages`.
   */
  readonly drain: string;
  /** `call`: calls that are turned away are seen too. `turn`: only calls that had their turn. */
  readonly seenFrom: 'call' | 'turn';
  /** Is the second argument of `drain` whether it is forced on every CPU? */
  readonly tellsForce: boolean;
  /**
   * Runs once for each CPU (and zone) that the kernel chose, after it chose and before the next drain may: in the requester
   * (6.0 on), or in that CPU's kernel worker (4.11–5.19).
   */
  readonly visit: string;
  readonly visitedBy: 'requester' | 'worker';
  /** Symbols of the mask with the chosen CPUs, and of the mutex that a drain holds. */
  readonly mask: string;
  readonly mutex: string;
  /** Largest possible CPU + 1. */
  readonly cpuCount: number;
  readonly possible: string;
  readonly online: string;
  readonly isolated: string;
  /** Populated zones as `node/NAME`. */
  readonly zones: readonly string[];
  /** Does bpftrace know the kernel's types (BTF)? Then a zone is told by its name. */
  readonly knowsTypes: boolean;
}

/** Registers that hold the address to which a function returns, on its entry, by `uname -m`. */
const returnAddress: ReadonlyMap<string, string> = new Map([
  ['x86_64', '*(uint64 *)reg("sp")'],
  ['aarch64', 'reg("r30")'],
]);

/** The address of the caller of a probed function, in bpftrace's words. */
export function callerOn(architecture: string): string {
  return returnAddress.get(architecture) ?? '0';
}

/** Symbols that a light recording looks for, so that a reader of /proc/kallsyms can leave out all others. */
const wanted =
  /^(?:(?:__)?drain_all_pages|drain_pages_zone|drain_local_pages_wq|cpus_with_pcps|pcpu_drain_mutex)(?:\.|$)/;

/** `kallsyms`: text of /proc/kallsyms. Throws E_RECORD_LIGHT_KERNEL: what the kernel lacks. */
export function lightKernelOf(host: HostSnapshot, kallsyms: string, knowsTypes: boolean): LightKernel {
  const symbols = symbolsOf(kallsyms);
  if (symbols.size === 0)
    throw lacking('/proc/kallsyms names none of its drain functions', 'Run it as root.');
  if (!returnAddress.has(host.architecture))
    throw lacking(`its architecture is ${host.architecture || 'not known'}`, 'x86_64 and aarch64 are known.');
  const find = (base: string) =>
    [...symbols].find((name) => name === base || name.startsWith(`${base}.`)) ?? '';
  const mask = find('cpus_with_pcps');
  const mutex = find('pcpu_drain_mutex');
  if (mask === '' || mutex === '') {
    throw lacking(
      `it has no symbol ${mask === '' ? 'cpus_with_pcps' : 'pcpu_drain_mutex'}`,
      'It needs a kernel of 4.11 or later with CONFIG_KALLSYMS_ALL.',
    );
  }
  const { cpus, machine } = host;
  return {
    release: host.kernel,
    architecture: host.architecture,
    ...drainFunction(symbols),
    ...visitFunction(symbols),
    mask,
    mutex,
    cpuCount: cpus.possible.size,
    possible: formatCpuList(cpus.possible),
    online: formatCpuList(cpus.online),
    isolated: formatCpuList(machine.isolated),
    zones: machine.zones.filter(({ name }) => name !== '').map(({ node, name }) => `${node}/${name}`),
    knowsTypes,
  };
}

function drainFunction(symbols: ReadonlySet<string>): Pick<LightKernel, 'drain' | 'seenFrom' | 'tellsForce'> {
  if (symbols.has('__drain_all_pages'))
    return { drain: '__drain_all_pages', seenFrom: 'call', tellsForce: true };
  const split = [...symbols].find((name) => /^__drain_all_pages\.part\.\d+$/.test(name));
  if (split !== undefined) return { drain: split, seenFrom: 'turn', tellsForce: true };
  const changed = [...symbols].find((name) => name.startsWith('__drain_all_pages.'));
  if (changed !== undefined)
    throw lacking(`its compiler changed the arguments of __drain_all_pages (${changed})`, recordFully);
  if (symbols.has('drain_all_pages'))
    return { drain: 'drain_all_pages', seenFrom: 'call', tellsForce: false };
  throw lacking('it has no function drain_all_pages to probe', recordFully);
}

function visitFunction(symbols: ReadonlySet<string>): Pick<LightKernel, 'visit' | 'visitedBy'> {
  if (symbols.has('drain_local_pages_wq')) return { visit: 'drain_local_pages_wq', visitedBy: 'worker' };
  if (symbols.has('drain_pages_zone')) return { visit: 'drain_pages_zone', visitedBy: 'requester' };
  throw lacking(
    'neither drain_pages_zone nor drain_local_pages_wq can be probed',
    `Kernels before 4.11 interrupt and have neither. ${recordFully}`,
  );
}

const recordFully = 'Record without --light.';

function symbolsOf(kallsyms: string): ReadonlySet<string> {
  const symbols = new Set<string>();
  for (const line of kallsyms.split('\n')) {
    const name = line.slice(
      line.lastIndexOf(' ', line.indexOf('\t') < 0 ? line.length : line.indexOf('\t')) + 1,
    );
    if (wanted.test(name)) symbols.add(name.trim());
  }
  return symbols;
}

function lacking(what: string, hint: string): DrainlabError {
  return new DrainlabError(`this kernel cannot be recorded with --light: ${what}`, {
    code: 'E_RECORD_LIGHT_KERNEL',
    hint,
    exitCode: ExitCode.outside,
  });
}
