import { describe, expect, it } from 'vitest';
import { machineOf, outcomeOf, requestOf } from '../../test/hand-made.ts';
import { builtInPolicies } from '../engine/policy/built-in.ts';
import { Timeline } from '../engine/timeline/timeline.ts';
import { Mark } from './messages.ts';
import { momentOf } from './moments.ts';
import { drainColumns } from './opened.ts';

const { none, useful, useless, requester } = Mark;

/** CPU 0 asks at 1000 ns, when CPUs 0 and 3 hold pages, CPU 1 nothing, and of CPU 2 it is not known; again at 2000 ns, turned away. */
function smallTimeline(): Timeline {
  const timeline = new Timeline(machineOf(4));
  timeline.timeNs = 500;
  timeline.changed(3, 5);
  timeline.drainRequested(requestOf({ pages: [7, 0, '?', 5], timeNs: 1000, number: 0 }));
  timeline.drainEnded(outcomeOf(0, { endNs: 1500 }));
  timeline.drainRequested(requestOf({ pages: [7, 0, 0, 0], timeNs: 2000, number: 1 }));
  timeline.drainEnded(outcomeOf(1, { endNs: 2100, turnedAway: true }));
  return timeline;
}

describe('a moment', () => {
  const timeline = smallTimeline();
  const at = (timeNs: number, policy: string, drain?: number) =>
    momentOf(timeline, builtInPolicies, { recording: 1, timeNs, policy, drain });

  it('has the pages of every CPU, and no mark before the first drain', () => {
    expect(at(499, 'everyone')).toMatchObject({ drain: -1, pages: Int32Array.of(0, 0, 0, 0) });
    expect(at(999, 'everyone')).toMatchObject({ drain: -1, pages: Int32Array.of(0, 0, 0, 5) });
    expect([...at(999, 'everyone').marks]).toEqual([none, none, none, none]);
  });

  it('marks whom the policy disturbs, and for nothing only whom it is known to find empty', () => {
    expect([...at(1000, 'everyone').marks]).toEqual([requester, useless, useful, useful]);
    expect([...at(1000, 'static-mask').marks]).toEqual([requester, none, none, useful]);
    expect([...at(1000, 'none').marks]).toEqual([requester, none, none, none]);
  });

  it('has no marks where the caller was turned away; a drain can be named', () => {
    expect(at(2000, 'everyone')).toMatchObject({ drain: 1, marks: new Uint8Array(4) });
    expect([...at(2000, 'everyone', 0).marks]).toEqual([requester, useless, useful, useful]);
  });

  it('adds up to what the columns of drains say of each CPU', () => {
    const columns = drainColumns(timeline, builtInPolicies);
    const everyone = columns.policies.indexOf('everyone');
    expect([...columns.cpuHeld]).toEqual([1, 0, 0, 1]);
    expect([...columns.cpuDisturbed[everyone]]).toEqual([0, 1, 1, 1]);
    expect([...columns.cpuUseless[everyone]]).toEqual([0, 1, 0, 0]);
  });
});
