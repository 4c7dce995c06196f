/** Program of each kind of task, by name. */

import type { TaskKind } from '../../input/scenario.ts';
import type { Program } from '../task-table.ts';
import { anonymous } from './anonymous.ts';
import { forkStorm } from './fork-storm.ts';
import { hackbench } from './hackbench.ts';
import { network } from './network.ts';
import { pageCacheChurn } from './page-cache-churn.ts';
import { reader } from './reader.ts';
import { slabUser } from './slab-user.ts';
import { sleeper } from './sleeper.ts';
import { spinner } from './spinner.ts';
import { walker } from './walker.ts';

export const programs: Readonly<Record<TaskKind, Program>> = {
  hackbench,
  reader,
  'page-cache': pageCacheChurn,
  anonymous,
  'fork-storm': forkStorm,
  network,
  'slab-user': slabUser,
  spinner,
  sleeper,
  walker,
};
