/** Runs `drainlab calibrate`: measures, prints, and writes the file that scenarios use. */

import { parseCpuList } from '../../base/cpu-list.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { Calibration } from '../../host/calibrate/calibration.ts';
import { costFileText } from '../../host/calibrate/cost-file.ts';
import { calibrate } from '../../host/calibrate/measure.ts';
import { calibrationText } from '../terminal/calibration-text.ts';
import { Progress } from '../terminal/progress.ts';
import { screenOf } from '../terminal/screen.ts';
import { checkWritable, writeWhole } from '../write-whole.ts';
import type { CalibrateFlags } from './calibrate.ts';

export async function runCalibrate(flags: CalibrateFlags): Promise<ExitCode> {
  if (flags.out !== undefined) checkWritable(flags.out);
  const progress = new Progress(process.stderr, flags.progress);
  let calibration: Calibration;
  try {
    calibration = await calibrate({
      cpus: flags.cpus === undefined ? undefined : cpusNamed(flags.cpus),
      seconds: flags.seconds,
      onProgress: (text) => progress.show(text),
    });
  } finally {
    progress.done();
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(calibration, null, 2)}\n`);
  else process.stdout.write(calibrationText(calibration, screenOf(process.stdout, process.env)));
  if (calibration.costs.length === 0) return ExitCode.outside;
  if (flags.out !== undefined) writeWhole(flags.out, costFileText(calibration));
  return ExitCode.ok;
}

function cpusNamed(typed: string): number[] {
  const cpus = parseCpuList(typed, '--cpus');
  if (cpus.length >= 2) return cpus;
  throw new DrainlabError('--cpus names fewer than two CPUs', {
    code: 'E_CPU_LIST',
    hint: 'One CPU asks, at least one other is interrupted: --cpus 0-3.',
    exitCode: ExitCode.wrongUse,
  });
}
