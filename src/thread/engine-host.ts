/** Answers the questions of messages.ts; knows no platform. web-worker.ts gives it messages and sends its answers. */

import { DrainlabError } from '../base/errors.ts';
import { withoutControls } from '../base/printable.ts';
import { auditJson } from './audits.ts';
import type { CallName, Calls, EngineError, FromEngine, ToEngine } from './messages.ts';
import { shareCurve } from './policy-over.ts';
import { type Following, Recordings } from './recordings.ts';
import { breakEvenPrices, checkScenario, listScenarios, simulateAll, simulateOne } from './simulations.ts';

/** Progress is told at most so often. */
const progressMs = 50;

type Answers = { [Name in CallName]?: (ask: Calls[Name]['ask'], following: Following) => unknown };

export class EngineHost {
  readonly #send: (message: FromEngine, transfer: Transferable[]) => void;
  readonly #now: () => number;
  readonly #going = new Map<number, AbortController>();
  readonly #recordings = new Recordings();
  readonly #answers: Answers = {
    open: (ask, following) => this.#recordings.open(ask, following),
    openPacked: (ask) => this.#recordings.openPacked(ask),
    pack: (ask) => this.#recordings.pack(ask),
    close: ({ recording }) => this.#recordings.close(recording),
    tile: (ask) => this.#recordings.tile(ask),
    pagesAt: (ask) => this.#recordings.pagesAt(ask),
    moment: (ask) => this.#recordings.moment(ask),
    cpuPages: (ask) => this.#recordings.cpuPages(ask),
    drain: (ask) => this.#recordings.drain(ask),
    scenarios: listScenarios,
    checkScenario,
    policyOver: (ask) => this.#recordings.policyOver(ask),
    shareCurve: ({ recording }) => shareCurve(this.#recordings.timelineOf(recording)),
    packDrains: ({ recording }) => this.#recordings.packDrains(recording),
    simulate: simulateAll,
    simulateOne: (ask, following) => simulateOne(ask, this.#recordings, following),
    breakEven: breakEvenPrices,
    audit: (ask, following) => auditJson(ask, this.#recordings, following),
  };

  /** `send` must be callable at any time; `now` in milliseconds. */
  constructor(send: (message: FromEngine, transfer: Transferable[]) => void, now: () => number) {
    this.#send = send;
    this.#now = now;
  }

  async receive(message: ToEngine): Promise<void> {
    const { id } = message;
    if ('cancel' in message) {
      this.#going.get(id)?.abort();
      return;
    }
    const controller = new AbortController();
    this.#going.set(id, controller);
    try {
      const answer = await this.#answer(message.call, message.ask, this.#following(id, controller.signal));
      if (controller.signal.aborted) throw cancelled;
      this.#send({ id, answer }, buffersIn(answer));
    } catch (error) {
      this.#send({ id, error: controller.signal.aborted ? cancelled : errorData(error) }, []);
    } finally {
      this.#going.delete(id);
    }
  }

  #answer(call: CallName, ask: unknown, following: Following): unknown {
    const answer = this.#answers[call] as ((ask: unknown, following: Following) => unknown) | undefined;
    if (answer === undefined) throw new Error(`no answer for ${call}`);
    return answer(ask, following);
  }

  #following(id: number, signal: AbortSignal): Following {
    let last = Number.NEGATIVE_INFINITY;
    return {
      signal,
      isDue: () => this.#now() - last >= progressMs,
      progress: (progress) => {
        const now = this.#now();
        if (now - last < progressMs) return;
        last = now;
        this.#send({ id, progress }, []);
      },
    };
  }
}

const cancelled: EngineError = { code: 'E_CANCELLED', message: 'called off', where: '', hint: '' };

function errorData(error: unknown): EngineError {
  if (error instanceof DrainlabError) {
    const { code, message, where, hint } = error;
    return {
      code,
      message: shown(message),
      where: shown(where),
      hint: shown(hint),
    };
  }
  return { code: '', message: error instanceof Error ? error.message : String(error), where: '', hint: '' };
}

/** Buffers that only the answer holds: they are handed over, not copied. */
function buffersIn(answer: unknown): Transferable[] {
  const buffers = new Set<Transferable>();
  const visit = (value: unknown, depth: number) => {
    if (ArrayBuffer.isView(value)) {
      if (value.buffer instanceof ArrayBuffer) buffers.add(value.buffer);
    } else if (depth > 0 && typeof value === 'object' && value !== null) {
      for (const part of Object.values(value)) visit(part, depth - 1);
    }
  };
  visit(answer, 3);
  return [...buffers];
}

/** A message may have several lines, and names of files in them. */
function shown(text: string): string {
  return text.split('\n').map(withoutControls).join('\n');
}
