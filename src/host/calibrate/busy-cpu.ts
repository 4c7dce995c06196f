/** A CPU that a thread of this process keeps busy. */

import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { type BusyOrder, Control, controlBytes, State } from './busy-order.ts';

const startMsMax = 10_000;

export class BusyCpu {
  readonly control: Int32Array;
  private readonly worker: Worker;

  private constructor(worker: Worker, control: Int32Array) {
    this.worker = worker;
    this.control = control;
  }

  /** Comes back when the thread runs on `cpu`. */
  static async start(cpu: number, lines: SharedArrayBuffer | null = null, stride = 0): Promise<BusyCpu> {
    const control = new SharedArrayBuffer(controlBytes);
    const order: BusyOrder = { cpu, control, lines, stride };
    const file = import.meta.url.endsWith('.ts') ? './busy-worker.ts' : './busy-worker.js';
    const busy = new BusyCpu(
      new Worker(new URL(file, import.meta.url), { workerData: order }),
      new Int32Array(control),
    );
    for (let ms = 0; Atomics.load(busy.control, Control.state) === State.starting && ms < startMsMax; ms++)
      await setTimeout(1);
    if (Atomics.load(busy.control, Control.state) !== State.running) {
      await busy.stop();
      throw new DrainlabError(`no thread could be kept on CPU ${cpu}`, {
        code: 'E_CALIBRATE',
        hint: 'A cpuset or a container may not allow this CPU: name others with --cpus.',
        exitCode: ExitCode.outside,
      });
    }
    return busy;
  }

  async stop(): Promise<void> {
    Atomics.store(this.control, Control.state, State.stop);
    await this.worker.terminate();
  }
}
