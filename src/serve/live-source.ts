/** Samples of this host for who looks on: taken while somebody does, and never at more than a small part of a core. */

import { DrainlabError, errorText } from '../base/errors.ts';
import type { DrainCounter } from '../host/drain-counter.ts';
import { HostSampler } from '../host/sampler.ts';
import { paceMs, SelfCostMeter } from '../host/self-cost.ts';
import type { LiveSource } from './live-events.ts';

/** Percent of a core, taking a sample and sending it together. On a host where that is not enough, samples come more rarely. */
const corePercentMax = 5;

/** Its own cost is told over stretches of at least this time. */
const costEveryMs = 5000;

export interface SampledHost {
  /** Folder that holds proc/ and sys/. */
  readonly root?: string;
  /** Counts drains by tracing; it stays open when nobody looks on any more. */
  readonly drains?: DrainCounter | null;
}

export function sampledEvery(everyMs: number, { root = '/', drains = null }: SampledHost = {}): LiveSource {
  return (onSample, onEnd, onCost) => {
    let sampler: HostSampler | null = null;
    let isStopped = false;
    const meter = new SelfCostMeter();
    const total = new SelfCostMeter();
    // What was counted while nobody looked belongs to no sample.
    drains?.read();
    const look = () => {
      try {
        sampler ??= new HostSampler({ root, drains });
        meter.restart();
        onSample(sampler.sample());
        const cost = total.read();
        if (cost.elapsedMs >= costEveryMs) {
          onCost(cost);
          total.restart();
        }
      } catch (error) {
        onEnd(error instanceof DrainlabError ? errorText(error) : String(error));
        return;
      }
      // Sending may have dropped the last client.
      if (!isStopped) timer = setTimeout(look, paceMs(everyMs, meter.read().cpuMs, corePercentMax));
    };
    let timer = setTimeout(look, 0);
    return () => {
      isStopped = true;
      clearTimeout(timer);
      sampler?.close();
    };
  };
}
