/** Samples of this host for who looks on: taken while somebody does, and never at more than a small part of a core. */

import { DrainlabError, errorText } from '../base/errors.ts';
import { HostSampler } from '../host/sampler.ts';
import { paceMs, SelfCostMeter } from '../host/self-cost.ts';
import type { LiveSource } from './live-events.ts';

/** Percent of a core, taking a sample and sending it together. On a host where that is not enough, samples come more rarely. */
const corePercentMax = 5;

/** `root`: folder that holds proc/ and sys/. */
export function sampledEvery(everyMs: number, root = '/'): LiveSource {
  return (onSample, onEnd) => {
    let sampler: HostSampler | null = null;
    let isStopped = false;
    const meter = new SelfCostMeter();
    const look = () => {
      try {
        sampler ??= new HostSampler({ root });
        meter.restart();
        onSample(sampler.sample());
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
