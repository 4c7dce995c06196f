/** Looks at the hosts of a fleet, some at once, each in a thread; a thread that dies costs its host and nothing else. */

import { Worker } from 'node:worker_threads';
import type { FleetError, FleetHost } from '../../census/fleet-host.ts';
import type { HostPlace } from './find-hosts.ts';
import type { SurveyCache } from './survey-cache.ts';
import { type HostOutcome, type HostQuestion, surveyHost } from './survey-host.ts';

export interface Survey {
  readonly places: readonly HostPlace[];
  readonly question: HostQuestion;
  /** Hosts that are looked at at once. */
  readonly jobs: number;
  readonly cache: SurveyCache | null;
  /** After each host: how many of them, and how many of those could not be read. */
  readonly onHost: (done: number, failed: number) => void;
  /** What is done by then is given. */
  readonly signal: AbortSignal;
  /** Heap of a thread. */
  readonly threadMegabytes?: number;
}

export interface Surveyed {
  readonly hosts: FleetHost[];
  readonly errors: FleetError[];
  /** Hosts that were not looked at before the end. */
  readonly notRead: number;
}

/** drainlab runs from its TypeScript sources, which threads cannot load: hosts are looked at in this one. */
const fromSource = import.meta.url.endsWith('.ts');
/** A text of 64 MB and what is made of it fit easily. */
const threadMegabytes = 768;
/** Buffers of an archive die young; more room for them takes a quarter more memory and is no faster. */
const youngMegabytes = 4;

export async function surveyHosts(survey: Survey): Promise<Surveyed> {
  const run = new SurveyRun(survey);
  const lanes = Math.max(1, Math.min(survey.jobs, survey.places.length));
  await Promise.all(Array.from({ length: lanes }, () => run.lane()));
  return run.surveyed;
}

class SurveyRun {
  readonly #survey: Survey;
  readonly #hosts: FleetHost[] = [];
  readonly #errors: FleetError[] = [];
  #next = 0;

  constructor(survey: Survey) {
    this.#survey = survey;
  }

  get surveyed(): Surveyed {
    const notRead = this.#survey.places.length - this.#hosts.length - this.#errors.length;
    return { hosts: this.#hosts, errors: this.#errors, notRead };
  }

  /** Takes the next host until there is none. */
  async lane(): Promise<void> {
    const { places, question, cache, signal } = this.#survey;
    const looker = canTravel(question) && !fromSource ? new LookerThread(this.#survey) : null;
    try {
      while (this.#next < places.length && !signal.aborted) {
        const place = places[this.#next++];
        const kept = cache?.get(place) ?? null;
        const outcome = kept ?? (await (looker ? looker.look(place) : surveyHost(place, question)));
        if (outcome === null) return;
        if (kept === null) cache?.put(place, outcome);
        this.#take(outcome);
      }
    } finally {
      await looker?.end();
    }
  }

  #take(outcome: HostOutcome): void {
    if ('host' in outcome) this.#hosts.push(outcome.host);
    else this.#errors.push(outcome.error);
    this.#survey.onHost(this.#hosts.length + this.#errors.length, this.#errors.length);
  }
}

/** A user's own policy is code and cannot go to another thread: then hosts are looked at here, one after the other. */
export function canTravel({ policies = [] }: HostQuestion): boolean {
  return policies.every(({ select }) => select.who !== 'custom');
}

class LookerThread {
  readonly #survey: Survey;
  #worker: Worker | null = null;

  constructor(survey: Survey) {
    this.#survey = survey;
  }

  /** null: ended before there was an answer. */
  look(place: HostPlace): Promise<HostOutcome | null> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const { signal } = this.#survey;
    return new Promise((resolve) => {
      const settle = (outcome: HostOutcome | null) => {
        worker.off('message', settle);
        worker.off('error', failed);
        worker.off('exit', ended);
        signal.removeEventListener('abort', stop);
        resolve(outcome);
      };
      const lost = (why: string) => {
        this.#worker = null;
        void worker.terminate();
        settle({ error: { path: place.path, code: 'E_CENSUS_HOST', message: why }, isLasting: false });
      };
      const failed = (error: Error) => lost(`the thread that read it failed: ${error.message}`);
      const ended = () => lost('the thread that read it ended');
      const stop = () => settle(null);
      worker.on('message', settle);
      worker.on('error', failed);
      worker.on('exit', ended);
      signal.addEventListener('abort', stop);
      worker.postMessage(place);
    });
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./survey-worker.js', import.meta.url), {
      workerData: this.#survey.question,
      resourceLimits: {
        maxOldGenerationSizeMb: this.#survey.threadMegabytes ?? threadMegabytes,
        maxYoungGenerationSizeMb: youngMegabytes,
      },
    });
    // One that fails when nobody waits for it any more is no trouble.
    worker.on('error', () => undefined);
    return worker;
  }
}
