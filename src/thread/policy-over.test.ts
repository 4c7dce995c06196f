import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machineOf, requestOf } from '../../test/hand-made.ts';
import { shippedRecordings } from '../../test/recordings.ts';
import { openRecording } from '../cli/recording.ts';
import { everyone, selective, staticMask, twoPass } from '../engine/policy/built-in.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import { definePolicy, type Policy } from '../engine/policy/policy.ts';
import { replay } from '../engine/replay.ts';
import { Timeline } from '../engine/timeline/timeline.ts';
import { policiesOver, shareCurve } from './policy-over.ts';

async function replayed(name: string, policies: readonly Policy[]) {
  const { reader, machine, snapshots } = await openRecording(join(shippedRecordings, name));
  const timeline = new Timeline(machine);
  const verdict = await replay(reader, machine, snapshots, { policies, timeline });
  await reader.close();
  return { timeline, verdict };
}

describe('policies over the drains of a recording', () => {
  const largeOnly = definePolicy({
    name: 'large-only',
    select: {
      who: 'custom',
      choose: (request, targets) => {
        for (const cpu of request.holders) if (request.pages[cpu] >= 16) targets.add(cpu);
      },
    },
  });

  it.each(['6.12-remote', 'patched-everyone'])('come to the figures of a replay: %s', async (name) => {
    const policies = [
      everyone,
      selective,
      twoPass,
      staticMask,
      policyByName('two-pass:share=0.3'),
      largeOnly,
    ];
    const { timeline, verdict } = await replayed(name, policies);
    for (const row of policiesOver(timeline, policies)) {
      const told = verdict.policies.find((policy) => policy.name === row.policy);
      expect([row.policy, row.interrupts[1], row.useless[1], row.isolatedDisturbed[1]]).toEqual([
        told?.name,
        told?.interrupts,
        told?.useless,
        told?.isolatedDisturbed,
      ]);
      expect(row.interrupts[0]).toBe(told?.interruptsBounds?.[0] ?? told?.interrupts);
      expect(row.drains).toBe(verdict.drains.carriedOut);
      expect(row.everyCallIsCarriedOut).toBe(false);
    }
    const curve = shareCurve(timeline);
    expect(curve.high[50]).toBe(verdict.policies.find((policy) => policy.name === 'two-pass')?.interrupts);
    expect(curve.high[30]).toBe(
      verdict.policies.find((policy) => policy.name === 'two-pass:share=0.3')?.interrupts,
    );
    expect(curve.high[0]).toBe(verdict.policies.find((policy) => policy.name === 'selective')?.interrupts);
  });

  /** Four CPUs; CPU 0 asks; one other holds pages, so two or three of four are empty. */
  function byHand(...pages: ReadonlyArray<ReadonlyArray<number | '?'>>): Timeline {
    const timeline = new Timeline(machineOf(4, { isolated: [3] }));
    for (const [number, held] of pages.entries())
      timeline.drainRequested(requestOf({ number, pages: [...held], isolated: [3] }));
    return timeline;
  }

  it('step at the share of CPUs that are empty', () => {
    const { shares, high, masks } = shareCurve(byHand([5, 0, 0, 7], [0, 0, 0, 7]));
    // Half are empty at the first drain, three quarters at the second; everyone is three interrupts.
    const at = (share: number) => [high[shares.indexOf(share)], masks[shares.indexOf(share)]];
    expect(at(0.5)).toEqual([2, 2]);
    expect(at(0.51)).toEqual([4, 1]);
    expect(at(0.75)).toEqual([4, 1]);
    expect(at(0.76)).toEqual([6, 0]);
  });

  it('have two bounds where it is not known who holds pages', () => {
    const [row] = policiesOver(byHand([0, 2, 0, '?']), [staticMask]);
    expect(row.interrupts).toEqual([1, 2]);
    expect(row.isolatedDisturbed).toEqual([0, 1]);
  });

  it('do not answer what is not kept', () => {
    const asks = definePolicy({
      name: 'asks',
      select: { who: 'custom', choose: ({ concurrent, cpu }, targets) => concurrent > 9 && targets.add(cpu) },
    });
    expect(() => policiesOver(byHand([1, 1, 1, 1]), [asks])).toThrow(/request.concurrent is not kept/);
  });
});
