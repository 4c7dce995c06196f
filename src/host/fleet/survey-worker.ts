/** A thread that looks at one host after the other; survey.ts starts it. */

import { parentPort, workerData } from 'node:worker_threads';
import type { HostPlace } from './find-hosts.ts';
import { type HostQuestion, surveyHost } from './survey-host.ts';

const question = workerData as HostQuestion;

parentPort?.on('message', async (place: HostPlace) => {
  parentPort?.postMessage(await surveyHost(place, question));
});
