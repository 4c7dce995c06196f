/** Records one line for each drain with bpftrace. While it records, drainlab itself does nothing. */

import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOr } from '../tracefs.ts';
import type { LightKernel } from './light-kernel.ts';
import { type LightCounts, lostLines, writeLightRecording } from './light-lines.ts';
import { lightProgram } from './light-program.ts';
import type { RecordPlan } from './plan.ts';
import { RecorderProgram } from './program.ts';
import type { Recorded, Recorder } from './recorder.ts';

const programFile = 'light.bt';
const rawFile = 'light.raw';
const textFile = 'trace.txt';
/** An empty linux/types.h, which bpftrace 0.17 wants where it cannot read the kernel's types; none of it is used. */
const headerFolder = 'light.include';

/** bpftrace's buffers of all CPUs together; one has 64 pages unless this says less. */
const bufferBytesMax = 64 << 20;
const bufferPagesMax = 64;
const attachMsMax = 60_000;
/** Where the list of probes cannot be read: after the header was written, to place three probes. */
const attachMsUsual = 2000;

export interface LightOrder {
  /** Of the recording; exists. */
  readonly folder: string;
  readonly kernel: LightKernel;
  /** The user's command; empty: none. */
  readonly command: readonly string[];
}

/** Each line is written at once (bpftrace's own -o keeps them until its end): what was recorded outlives a crash. */
export function lightLine({ cpuCount, knowsTypes }: LightKernel): string {
  const pages = 2 ** Math.floor(Math.log2(bufferBytesMax / 4096 / cpuCount));
  const environment = `BPFTRACE_PERF_RB_PAGES=${Math.max(4, Math.min(bufferPagesMax, pages))}`;
  const include = knowsTypes ? '' : `-I ${headerFolder} `;
  return `env ${environment} bpftrace -q -B line ${include}${programFile} > ${rawFile}`;
}

export function lightPlan({ kernel, command }: LightOrder): RecordPlan {
  const header = kernel.knowsTypes
    ? ''
    : `mkdir -p ${headerFolder}/linux; : > ${headerFolder}/linux/types.h\n`;
  const { drain, visit, seenFrom } = kernel;
  return {
    writes: `Writes to the kernel: a BPF program with probes on ${drain} (call and return) and ${visit}; bpftrace takes them away when it ends.`,
    notes: [
      ...(seenFrom === 'turn'
        ? ['Calls that are turned away while a drain runs leave no line on this kernel.']
        : []),
      ...(kernel.knowsTypes
        ? []
        : ['bpftrace cannot read the types of this kernel: zones will have addresses, no names.']),
    ],
    steps: [
      { do: 'save', to: 'proc-start' },
      {
        do: 'start',
        line: `cat > ${programFile} <<'END_OF_PROGRAM'\n${lightProgram(kernel)}END_OF_PROGRAM\n${header}${lightLine(kernel)} &`,
      },
      { do: 'command', words: command },
      { do: 'stop', line: 'kill -INT $!; wait' },
      { do: 'save', to: 'proc-end' },
      { do: 'finish', line: `# sort the lines of ${rawFile} by time into ${textFile}` },
    ],
  };
}

export class LightRecorder implements Recorder {
  readonly #order: LightOrder;
  readonly #onStart: (pid: number, name: string) => void;
  #program: RecorderProgram | null = null;
  #counts: LightCounts | null = null;

  constructor(order: LightOrder, onStart: (pid: number, name: string) => void) {
    this.#order = order;
    this.#onStart = onStart;
  }

  /** What bpftrace said, once the recording is finished. */
  get counts(): LightCounts | null {
    return this.#counts;
  }

  get bytes(): number {
    return statSync(join(this.#order.folder, rawFile), { throwIfNoEntry: false })?.size ?? 0;
  }

  async start(): Promise<void> {
    const { folder, kernel } = this.#order;
    writeFileSync(join(folder, programFile), lightProgram(kernel));
    if (!kernel.knowsTypes) {
      mkdirSync(join(folder, headerFolder, 'linux'), { recursive: true });
      writeFileSync(join(folder, headerFolder, 'linux/types.h'), '');
    }
    const before = probesOn(kernel);
    this.#program = new RecorderProgram(['sh', '-c', `exec ${lightLine(kernel)}`], folder);
    this.#onStart(this.#program.pid, 'bpftrace');
    await this.#attached(this.#program, before);
  }

  /** The lines have times of the kernel's; nothing is marked. */
  mark(): void {}

  async stop(): Promise<void> {
    await this.#program?.end();
  }

  async finish(): Promise<Recorded> {
    const { folder, kernel } = this.#order;
    const raw = join(folder, rawFile);
    this.#counts = await writeLightRecording(raw, join(folder, textFile));
    rmSync(raw);
    if (!kernel.knowsTypes) rmSync(join(folder, headerFolder), { recursive: true });
    // Without bpftrace's counts it is not known whether anything was lost, which is no better than a loss.
    const unplaced = lostLines(this.#counts) ?? 1;
    return { file: textFile, events: this.#counts.drains, losses: { cpus: [], unplaced } };
  }

  async abandon(): Promise<void> {
    await this.#program?.end();
  }

  /** bpftrace says nothing when its probes are placed; the kernel lists them. */
  async #attached(program: RecorderProgram, before: number | null): Promise<void> {
    const begin = performance.now();
    let headerMs = 0;
    for (;;) {
      const now = performance.now();
      if (program.child.exitCode !== null || program.child.pid === undefined || now - begin > attachMsMax)
        throw program.failure('did not begin to record');
      if (before !== null && (probesOn(this.#order.kernel) ?? 0) >= before + 3) return;
      if (headerMs === 0 && this.bytes > 0) headerMs = now;
      if (before === null && headerMs > 0 && now - headerMs > attachMsUsual) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Probes that stand on the functions now; null: the kernel's list cannot be read. */
function probesOn({ drain, visit }: LightKernel): number | null {
  const list = readOr('/sys/kernel/debug/kprobes/list', '\0');
  if (list === '\0') return null;
  return list.split('\n').filter((line) => {
    const symbol = /^\S+ +[kr] +(\S+?)\+0x/.exec(line)?.[1];
    return symbol === drain || symbol === visit;
  }).length;
}
