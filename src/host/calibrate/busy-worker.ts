/**
 * The thread on another CPU: it keeps that CPU in this process (so that a membarrier interrupts it), or writes lines that
 * the measuring thread then reads. busy-cpu.ts starts it. It never sleeps and makes no system call while it runs.
 */

import { workerData } from 'node:worker_threads';
import { type BusyOrder, Control, State } from './busy-order.ts';
import { systemCalls } from './system-calls.ts';

function spin(control: Int32Array): void {
  while (Atomics.load(control, Control.state) === State.running);
}

function writeLines(control: Int32Array, lines: Int32Array, stride: number): void {
  while (Atomics.load(control, Control.state) === State.running) {
    const round = Atomics.load(control, Control.round);
    if (round % 2 === 0) continue;
    for (let at = 0; at < lines.length; at += stride) lines[at] = round;
    Atomics.store(control, Control.round, round + 1);
  }
}

const order = workerData as BusyOrder;
const control = new Int32Array(order.control);
const answer = (state: number) => Atomics.store(control, Control.state, state);
try {
  (await systemCalls()).bindTo(order.cpu);
  answer(State.running);
  if (order.lines === null) spin(control);
  else writeLines(control, new Int32Array(order.lines), order.stride);
} catch {
  answer(State.failed);
}
