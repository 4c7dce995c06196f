/** The thread that simulates; simulation-thread.ts starts it. A user's policy that never answers can be ended with it. */

import { parentPort, workerData } from 'node:worker_threads';
import { simulatePolicies } from './simulate-policies.ts';
import {
  revivedScenario,
  SharedState,
  type SimulationAnswer,
  type SimulationOrder,
} from './simulation-order.ts';
import { answerOf } from './simulation-thread.ts';

const order = workerData as SimulationOrder;
const answer = (message: SimulationAnswer) => parentPort?.postMessage(message);
try {
  const state = new SharedState(order.shared);
  const verdict = await simulatePolicies(order, revivedScenario(order.scenario), state, (names) =>
    answer({ kind: 'ready', names }),
  );
  answer({ kind: 'verdict', verdict });
} catch (error) {
  answer(answerOf(error));
}
