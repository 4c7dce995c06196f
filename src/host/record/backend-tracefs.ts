/**
 * Records with nothing but the kernel's files: an instance of the tracer of our own, whose buffers are copied out while the
 * command runs, and put together as trace.dat. Where the kernel has no instances (before 3.10) its main buffer is used,
 * unless somebody else uses it.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { bufferCpus, chosenOf, kilobytesOf, readOr, unameText } from '../tracefs.ts';
import { lossesOf } from './losses.ts';
import { PipeCopier } from './pipe-copier.ts';
import type { Change, WriteChange } from './plan.ts';
import { nameChanges, probeChanges } from './probe-changes.ts';
import type { BackendPlan, Recorded, Recorder, RecordOrder } from './recorder.ts';
import { MarkerFile } from './trace-marker.ts';
import { probeGroup, type Wanted } from './wanted-events.ts';
import { type FormatFile, functionsOf, subBufferBytes, writeTraceDat } from './write-trace-dat.ts';

/** One clock for all CPUs, in step. */
export const traceClock = 'global';

/**
 * The folder with the buffers that we record into: an instance, or the tracer itself where there are none. Of a tracefs that is closed
 * to us instances are supposed.
 */
export function tracefsBuffer(root: string, pid: number = process.pid): string {
  const isWithout = existsSync(join(root, 'tracing_on')) && !existsSync(join(root, 'instances'));
  return isWithout ? root : join(root, 'instances', `drainlab-${pid}`);
}

export function tracefsPlan(root: string, order: RecordOrder): BackendPlan {
  const buffer = tracefsBuffer(root);
  const isInstance = buffer !== root;
  if (!isInstance) refuseBusyBuffer(root);
  const { events, probes } = order.wanted;
  const set = (path: string, text: string, current: (text: string) => string): WriteChange => {
    const undo = isInstance ? '' : current(readOr(join(root, path)));
    return { do: 'write', path: join(buffer, path), text, undo };
  };
  const before: Change[] = [
    ...nameChanges(root),
    // Probes before the instance: it must be gone when they are removed.
    ...probeChanges(root, probes),
    ...(isInstance ? [{ do: 'make', path: buffer } satisfies Change] : []),
    set('tracing_on', '0', (text) => text.trim()),
    set('trace_clock', traceClock, chosenOf),
    set('buffer_size_kb', String(order.bufferKilobytesPerCpu), (text) => String(kilobytesOf(text))),
  ];
  for (const { system, name, filter } of events) {
    const folder = join('events', system, name);
    if (filter !== '') before.push(set(join(folder, 'filter'), filter, () => '0'));
    before.push(set(join(folder, 'enable'), '1', () => '0'));
  }
  for (const { name } of probes)
    before.push({ ...set(join('events', probeGroup, name, 'enable'), '1', () => '0'), mayFail: true });
  const pipes = `${buffer}/per_cpu/cpu*/trace_pipe_raw`;
  return {
    writes: writesText(buffer, isInstance, order.wanted),
    notes: [],
    before,
    on: { do: 'write', path: join(buffer, 'tracing_on'), text: '1', undo: '' },
    off: { do: 'write', path: join(buffer, 'tracing_on'), text: '0', undo: '' },
    start: `# copy ${pipes} to cpu*.raw until the end, in this process`,
    stop: '# copy what is left in the buffers; read per_cpu/cpu*/stats for losses',
    finish: `# put trace.dat together: ${root}/events/{header_page,header_event,*/*/format}, saved_cmdlines, functions of /proc/kallsyms, cpu*.raw`,
  };
}

function writesText(buffer: string, isInstance: boolean, { events, probes }: Wanted): string {
  const where = isInstance ? `an instance of its own, ${buffer}` : `the main buffer, ${buffer}`;
  const probed = probes.length === 0 ? '' : ` and ${probes.length} probes on functions`;
  return `Writes to the kernel: ${where}, with ${events.length} events${probed}; all of it is taken back.`;
}

/** Whoever traces in the main buffer would lose it. */
export function refuseBusyBuffer(root: string): void {
  const tracer = readOr(join(root, 'current_tracer'), 'nop').trim();
  if (readOr(join(root, 'set_event')).trim() === '' && tracer === 'nop') return;
  throw new DrainlabError('somebody else is tracing, and this kernel has no instances of the tracer', {
    code: 'E_RECORD_BUSY',
    where: root,
    hint: 'End the other tracing first (trace-cmd reset), or record with --backend perf.',
    exitCode: ExitCode.outside,
  });
}

export class TracefsRecorder implements Recorder {
  readonly #root: string;
  readonly #buffer: string;
  readonly #order: RecordOrder;
  readonly #rawFolder: string;
  readonly #mainSize: string;
  #copier: PipeCopier | null = null;
  #marker: MarkerFile | null = null;
  #stats: Array<{ cpu: number; text: string }> = [];

  constructor(root: string, order: RecordOrder) {
    this.#root = root;
    this.#buffer = tracefsBuffer(root);
    this.#order = order;
    this.#rawFolder = join(order.folder, 'raw');
    this.#mainSize = readOr(join(root, 'buffer_size_kb'));
  }

  get bytes(): number {
    return this.#copier?.bytes ?? 0;
  }

  async start(): Promise<void> {
    mkdirSync(this.#rawFolder);
    this.#marker = new MarkerFile(this.#buffer);
    const pageBytes = subBufferBytes(readFileSync(join(this.#root, 'events/header_page'), 'utf8'));
    this.#copier = new PipeCopier(
      bufferCpus(this.#buffer).map((cpu) => ({
        cpu,
        from: join(this.#buffer, 'per_cpu', `cpu${cpu}`, 'trace_pipe_raw'),
        to: join(this.#rawFolder, `cpu${cpu}`),
      })),
      pageBytes,
      this.#order.bufferKilobytesPerCpu * 1024,
    );
    this.#copier.start();
  }

  mark(text: string): void {
    this.#marker?.write(text);
  }

  async stop(): Promise<void> {
    this.#copier?.finish();
    this.#stats = bufferCpus(this.#buffer).map((cpu) => ({
      cpu,
      text: readOr(join(this.#buffer, 'per_cpu', `cpu${cpu}`, 'stats')),
    }));
    this.#close();
    this.#keepMainBufferUsable();
  }

  async finish(): Promise<Recorded> {
    const root = this.#root;
    const cpus = this.#stats.map(({ cpu }) => cpu);
    const last = Math.max(...cpus);
    const byCpu = <T>(of: (cpu: number) => T): T[] => Array.from({ length: last + 1 }, (_, cpu) => of(cpu));
    writeTraceDat(join(this.#order.folder, 'trace.dat'), {
      headerPage: readFileSync(join(root, 'events/header_page'), 'utf8'),
      headerEvent: readFileSync(join(root, 'events/header_event'), 'utf8'),
      formats: this.#formats(),
      kallsyms: functionsOf(readOr('/proc/kallsyms')),
      printkFormats: readOr(join(root, 'printk_formats')),
      savedCommands: readOr(join(root, 'saved_cmdlines')),
      clock: readOr(join(this.#buffer, 'trace_clock')),
      uname: unameText(),
      stats: byCpu((cpu) => this.#stats.find((stats) => stats.cpu === cpu)?.text ?? ''),
      dataFiles: byCpu((cpu) => (cpus.includes(cpu) ? join(this.#rawFolder, `cpu${cpu}`) : '')),
      littleEndian: endianness() === 'LE',
    });
    rmSync(this.#rawFolder, { recursive: true });
    return { file: 'trace.dat', events: this.#eventCount(), losses: lossesOf(this.#stats) };
  }

  async abandon(): Promise<void> {
    this.#close();
  }

  #close(): void {
    this.#copier?.close();
    this.#marker?.close();
  }

  /**
   * The first user of events makes the main buffer as large as it was promised to be: `7 (expanded: 1408)`. Some kernels (6.1) remember for
   * all instances together that this was done, so ours would leave the main one with 7 KiB for whoever comes next.
   */
  #keepMainBufferUsable(): void {
    const path = join(this.#root, 'buffer_size_kb');
    const isPromised = this.#mainSize.includes('expanded');
    if (!isPromised || !this.#mainSize.startsWith(`${readOr(path).trim()} `)) return;
    writeFileSync(path, String(kilobytesOf(this.#mainSize)));
  }

  /** Of the events that are on, and of the tracer's own kinds. */
  #formats(): FormatFile[] {
    const folder = join(this.#root, 'events');
    const { events, probes } = this.#order.wanted;
    const places = [
      ...readdirSync(join(folder, 'ftrace')).map((name): [string, string] => ['ftrace', name]),
      ...events.map(({ system, name }): [string, string] => [system, name]),
      ...probes.map(({ name }): [string, string] => [probeGroup, name]),
    ];
    return places.flatMap(([system, name]) => {
      const text = readOr(join(folder, system, name, 'format'));
      return text === '' ? [] : [{ system, text }];
    });
  }

  /** Events that were taken out of the buffers. */
  #eventCount(): number {
    return this.#stats.reduce(
      (sum, { text }) => sum + Number(/^read events: (\d+)$/m.exec(text)?.[1] ?? 0),
      0,
    );
  }
}
