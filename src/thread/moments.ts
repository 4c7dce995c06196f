/** The machine at one moment: pages of every CPU, and whom a policy disturbs at the last drain until then. */

import type { Policy } from '../engine/policy/policy.ts';
import type { Timeline } from '../engine/timeline/timeline.ts';
import { type Calls, Mark, type Moment } from './messages.ts';

export function momentOf(
  { pages, drains }: Timeline,
  policies: readonly Policy[],
  { timeNs, policy: policyName, drain = drains.lastUntil(timeNs) }: Calls['moment']['ask'],
): Moment {
  const moment: Moment = {
    pages: Int32Array.from({ length: pages.cpuCount }, (_, cpu) => pages.at(cpu, timeNs)),
    drain,
    zone: drain < 0 ? -1 : drains.at(drain).zone,
    marks: new Uint8Array(pages.cpuCount),
  };
  const policy = policies.find(({ name }) => name === policyName);
  if (drain < 0 || policy === undefined || drains.wasTurnedAway(drain)) return moment;
  const { cpu: requester, holders, unknown } = drains.at(drain);
  const { marks } = moment;
  for (const cpu of drains.targetsOf(policy, drain)) marks[cpu] = Mark.useless;
  for (const cpu of [...holders, ...unknown]) if (marks[cpu] === Mark.useless) marks[cpu] = Mark.useful;
  marks[requester] = Mark.requester;
  return moment;
}
