/** Runs `drainlab census --samples`: looks at this host again and again, and tells how often how many CPUs were empty. */

import { parseCpuList } from '../../base/cpu-list.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { SampleSelf } from '../../census/host-samples.ts';
import { sayOfSamples } from '../../census/sample-answers.ts';
import { SampleSeries } from '../../census/samples.ts';
import { duration, plural } from '../../engine/report/numbers.ts';
import { writeJson } from '../../engine/report/write-json.ts';
import { keepOff, ownCpu } from '../../host/affinity.ts';
import type { HostSample } from '../../host/host-sample.ts';
import { sampleTimes } from '../../host/sample-clock.ts';
import { HostSampler } from '../../host/sampler.ts';
import { SelfCostMeter } from '../../host/self-cost.ts';
import { Progress } from '../terminal/progress.ts';
import { samplesText } from '../terminal/samples-text.ts';
import { screenOf } from '../terminal/screen.ts';
import type { CensusFlags } from './census.ts';

const everyMsDefault = 100;
/** One bit for each CPU and sample is kept. */
const bytesMax = 256 << 20;

export async function runSamples(paths: readonly string[], flags: CensusFlags): Promise<ExitCode> {
  const asked = flags.samples ?? 0;
  if (paths.length > 0) throw notLive(paths[0]);
  const isolated = flags.isolated === undefined ? undefined : parseCpuList(flags.isolated, '--isolated');
  const sampler = new HostSampler({ interruptsEveryMs: null, isolated });
  const { cpuCount } = sampler.host.machine;
  if (asked * Math.ceil(cpuCount / 32) * 4 > bytesMax) throw tooMany(cpuCount);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    const taken = await takeSamples(sampler, asked, flags, stop.signal);
    if (taken !== null) process.stdout.write(taken);
    return ExitCode.ok;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    sampler.close();
  }
}

/** The text to print; null: rows were printed as they came. */
async function takeSamples(
  sampler: HostSampler,
  asked: number,
  flags: CensusFlags,
  signal: AbortSignal,
): Promise<string | null> {
  const everyMs = flags.every ?? everyMsDefault;
  const { name, kernel, machine } = sampler.host;
  const affinity = keepOff(machine.isolated);
  const series = new SampleSeries({ name, kernel, asked, everyMs, isolated: machine.isolated });
  const progress = new Progress(process.stderr, flags.progress);
  const ranOn = new Map<number, number>();
  const meter = new SelfCostMeter();
  if (flags.csv) process.stdout.write(`${csvHead}\n`);
  for await (const _ of sampleTimes({ everyMs, signal })) {
    const sample = sampler.sample();
    const cpu = ownCpu();
    ranOn.set(cpu, (ranOn.get(cpu) ?? 0) + 1);
    if (flags.csv) process.stdout.write(`${csvRow(sample)}\n`);
    else series.add(sample);
    progress.show(progressText(sample, asked, everyMs));
    if (sample.number >= asked) break;
  }
  progress.done();
  if (flags.csv) return null;
  const { cpuMs, kernelMs, corePercent, residentBytes } = meter.read();
  const self: SampleSelf = {
    cpuMs,
    kernelMs,
    corePercent,
    residentBytes,
    ...affinity,
    ranOn: [...ranOn].sort(([a], [b]) => a - b).map(([cpu, samples]) => ({ cpu, samples })),
  };
  const result = series.result(self);
  sayOfSamples(result);
  return flags.json ? writeJson(result) : samplesText(result, screenOf(process.stdout, process.env));
}

function progressText({ number, cpus }: HostSample, asked: number, everyMs: number): string {
  const left = duration(Math.max(0, asked - number) * everyMs * 1e6);
  return `${number} of ${plural(asked, 'sample')} · ${cpus.empty} of ${plural(cpus.online, 'CPU')} empty · ${left} left`;
}

const csvHead =
  'timeMs,online,empty,isolatedOnline,isolatedEmpty,parkedPages,loadAverage,runningTasks,allocationStalls,pressureSomeTotalUs,pressureFullTotalUs,readMs';

/** Nothing between two commas: not known. */
function csvRow({ timeMs, readMs, cpus, load }: HostSample): string {
  return [
    timeMs.toFixed(3),
    cpus.online,
    cpus.empty,
    cpus.isolatedOnline,
    cpus.isolatedEmpty,
    cpus.parkedPages,
    load.loadAverage ?? '',
    load.runningTasks ?? '',
    load.allocationStalls ?? '',
    load.pressure?.some.totalUs ?? '',
    load.pressure?.full.totalUs ?? '',
    readMs.toFixed(3),
  ].join(',');
}

function notLive(path: string): DrainlabError {
  return new DrainlabError('samples are taken of the running host; a saved one stands still', {
    code: 'E_SAMPLES',
    where: path,
    hint: 'Leave the path out, or leave --samples out.',
    exitCode: ExitCode.wrongUse,
  });
}

function tooMany(cpus: number): DrainlabError {
  const most = Math.floor(bytesMax / (Math.ceil(cpus / 32) * 4));
  return new DrainlabError(`more samples of ${plural(cpus, 'CPU')} than fit into memory`, {
    code: 'E_SAMPLES',
    hint: `At most ${most}: take them less often, or print rows with --csv and stop when you like.`,
    exitCode: ExitCode.wrongUse,
  });
}
