/**
 * Reads a kernel's `.config` (/boot/config-*, unpacked /proc/config.gz): what decides where a mask lives, which
 * allocator serves it, and how the per-CPU lists are sized. Foreign text: one clear error with its line.
 */

import { DrainlabError } from '../../base/errors.ts';
import { maskTypeBytes } from './cpumask-storage.ts';

export interface KernelConfig {
  /** From the headline, `3.0` or `6.12`; '' when it names none. */
  readonly version: string;
  /** As in KernelSpec. */
  readonly nrCpus: number;
  readonly offstack: boolean;
  readonly slab: 'slab' | 'slub';
  readonly batchScaleMax: number;
  readonly thp: boolean;
  /** CONFIG_FORCE_NR_CPUS makes every mask as large as NR_CPUS asks; -1: the kernel's rules. */
  readonly maskBytes: number;
  readonly maxsmp: boolean;
  readonly forceNrCpus: boolean;
  readonly faultInjection: boolean;
  readonly failslab: boolean;
  readonly failPageAlloc: boolean;
  /** CONFIG_HZ; 0: not said. */
  readonly hz: number;
  readonly nohzFull: boolean;
  /** Values that contradict each other, each with its line and what was taken. */
  readonly contradictions: readonly ConfigRemark[];
  /** Values that the model does not follow. */
  readonly notModelled: readonly ConfigRemark[];
}

export interface ConfigRemark {
  /** 1-based; 0: the text as a whole. */
  readonly line: number;
  readonly message: string;
}

const textMax = 4 << 20;
const nrCpusMax = 1 << 16;
/** Largest CONFIG_NR_CPUS that x86 offers without CONFIG_CPUMASK_OFFSTACK. */
const nrCpusOnStackMax = 512;

/** The values of a `.config`; `file` is its name in errors. */
export function kernelConfig(text: string, file = 'kernel configuration'): KernelConfig {
  const options = new Options(text, file);
  const has = (name: string) => options.value(name) === 'y';
  const x86 = has('X86') || has('X86_64') || /^# Linux\/(x86|x86_64|i386) /m.test(text);
  const maxsmp = has('MAXSMP');
  const isOneCpu = options.isUnset('SMP') && options.value('NR_CPUS') === undefined;
  const nrCpus = isOneCpu ? 1 : options.number('NR_CPUS', 1, nrCpusMax);
  const offstack = has('CPUMASK_OFFSTACK');
  if (maxsmp && !offstack)
    options.contradict(
      'MAXSMP',
      'CONFIG_MAXSMP selects CONFIG_CPUMASK_OFFSTACK, which is not set here; taken as set',
    );
  const isOffstack = offstack || maxsmp;
  if (x86 && !isOffstack && nrCpus > nrCpusOnStackMax)
    options.contradict(
      'NR_CPUS',
      `x86 offers at most ${nrCpusOnStackMax} CPUs without CONFIG_CPUMASK_OFFSTACK, here are ${nrCpus}; taken as written`,
    );
  if (maxsmp && nrCpus < 4096)
    options.contradict(
      'NR_CPUS',
      `CONFIG_MAXSMP sets 4096 CPUs or more, here are ${nrCpus}; taken as written`,
    );
  const forceNrCpus = has('FORCE_NR_CPUS');
  return {
    version: version(text),
    nrCpus,
    offstack: isOffstack,
    slab: slabAllocator(options),
    batchScaleMax: options.numberOr('PCP_BATCH_SCALE_MAX', 0, 6, 5),
    thp: has('TRANSPARENT_HUGEPAGE'),
    maskBytes: forceNrCpus ? maskTypeBytes(nrCpus) : -1,
    maxsmp,
    forceNrCpus,
    faultInjection: has('FAULT_INJECTION'),
    failslab: has('FAILSLAB'),
    failPageAlloc: has('FAIL_PAGE_ALLOC'),
    hz: options.numberOr('HZ', 1, 100_000, 0),
    nohzFull: has('NO_HZ_FULL'),
    contradictions: options.contradictions,
    notModelled: notModelled(options),
  };
}

/** `# Linux/x86 6.12.63 Kernel Configuration`, before 3.7 `# Linux/x86_64 3.0.101 Kernel Configuration`. */
function version(text: string): string {
  const match = /^# Linux\/\S{1,40} (\d{1,3}\.\d{1,3})[.\d\w+-]{0,80} Kernel Configuration/m.exec(text);
  return match?.[1] ?? '';
}

function slabAllocator(options: Options): 'slab' | 'slub' {
  const slab = options.value('SLAB') === 'y';
  const slub = options.value('SLUB') === 'y';
  if (slab && slub) options.contradict('SLAB', 'CONFIG_SLAB and CONFIG_SLUB are a choice of one; SLUB taken');
  return slab && !slub ? 'slab' : 'slub';
}

function notModelled(options: Options): ConfigRemark[] {
  const known: readonly [option: string, message: string][] = [
    ['SLOB', 'the SLOB allocator is not modelled; SLUB is taken'],
    ['SLUB_TINY', 'CONFIG_SLUB_TINY keeps nothing for a CPU; the model does'],
    ['DEBUG_PER_CPU_MAPS', 'checks of CONFIG_DEBUG_PER_CPU_MAPS cost time that is not counted'],
    ['PREEMPT_RT', 'CONFIG_PREEMPT_RT changes who may be interrupted; not modelled'],
  ];
  const remarks: ConfigRemark[] = [];
  for (const [option, message] of known) {
    if (options.value(option) === 'y') remarks.push({ line: options.lineOf(option), message });
  }
  if (options.isUnset('SLUB_CPU_PARTIAL'))
    remarks.push({
      line: options.lineOf('SLUB_CPU_PARTIAL'),
      message: 'without CONFIG_SLUB_CPU_PARTIAL a CPU keeps no partial slabs; the model does',
    });
  return remarks;
}

/** The options of one text: last word counts, as for Kconfig. */
class Options {
  readonly contradictions: ConfigRemark[] = [];
  private readonly values = new Map<string, string>();
  private readonly lines = new Map<string, number>();
  private readonly file: string;

  constructor(text: string, file: string) {
    this.file = file;
    if (text.length > textMax)
      throw this.error(0, `${Math.round(text.length / 1e6)} million characters are no kernel configuration`);
    let line = 0;
    for (const whole of text.split('\n')) this.readLine(whole.replace(/\r$/, ''), ++line);
    if (this.lines.size === 0) throw this.error(0, 'no line sets an option of a kernel');
  }

  value(name: string): string | undefined {
    return this.values.get(name);
  }

  /** `# CONFIG_X is not set` stands there. */
  isUnset(name: string): boolean {
    return this.values.get(name) === 'n' && this.lineOf(name) > 0;
  }

  lineOf(name: string): number {
    return this.lines.get(name) ?? 0;
  }

  number(name: string, least: number, most: number): number {
    const value = this.value(name);
    if (value === undefined || value === 'n')
      throw this.error(this.lineOf(name), `CONFIG_${name} is not said; a kernel's own .config says it`);
    if (!/^\d{1,9}$/.test(value) || Number(value) < least || Number(value) > most)
      throw this.error(
        this.lineOf(name),
        `CONFIG_${name} is "${value.slice(0, 40)}", expected a number from ${least} to ${most}`,
      );
    return Number(value);
  }

  numberOr(name: string, least: number, most: number, otherwise: number): number {
    return this.value(name) === undefined ? otherwise : this.number(name, least, most);
  }

  contradict(name: string, message: string): void {
    this.contradictions.push({ line: this.lineOf(name), message });
  }

  private readLine(text: string, line: number): void {
    const unset = /^# CONFIG_(\w{1,100}) is not set\s*$/.exec(text);
    if (unset) this.set(unset[1], 'n', line);
    else if (text.trim() !== '' && !text.startsWith('#')) {
      const set = /^CONFIG_(\w{1,100})=(.{0,100000})$/.exec(text);
      if (!set)
        throw this.error(
          line,
          `expected CONFIG_NAME=value or a comment, found "${printable(text.slice(0, 60))}"`,
        );
      this.set(set[1], set[2].trim(), line);
    }
  }

  private set(name: string, value: string, line: number): void {
    const before = this.values.get(name);
    if (before !== undefined && before !== value)
      this.contradictions.push({
        line,
        message: `CONFIG_${name} was said on line ${this.lineOf(name)} with another value; the later one counts`,
      });
    this.values.set(name, value);
    this.lines.set(name, line);
  }

  private error(line: number, message: string): DrainlabError {
    return new DrainlabError(message, {
      code: 'E_KERNEL_CONFIG',
      where: line > 0 ? `${this.file}:${line}` : this.file,
      hint: 'Give the text of /boot/config-VERSION, or of zcat /proc/config.gz.',
    });
  }
}

/** Control characters and bytes that were no text would garble a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\ufffd]/gu, '?');
}
