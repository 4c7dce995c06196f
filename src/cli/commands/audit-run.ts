/** Runs `drainlab audit`: opens the recording, counts, writes the answer. */

import { audit } from '../../audit/audit.ts';
import type { AuditReport } from '../../audit/audit-report.ts';
import { auditFailure, checkFigure } from '../../audit/figures.ts';
import { writeAuditCsv } from '../../audit/write-csv.ts';
import { parseCpuList } from '../../base/cpu-list.ts';
import { ExitCode } from '../../base/errors.ts';
import { type Condition, parseCondition } from '../../engine/report/check.ts';
import { writeJson } from '../../engine/report/write-json.ts';
import { type OpenRecording, openRecording } from '../recording.ts';
import { loadAuditFiles } from '../recording-folder.ts';
import { auditText } from '../terminal/audit-text.ts';
import { Progress } from '../terminal/progress.ts';
import { screenOf } from '../terminal/screen.ts';
import type { AuditFlags } from './audit.ts';
import { momentNs } from './moment.ts';

/** The exit code. Everything that a user can get wrong without a recording is found before one is read. */
export async function runAudit(file: string, flags: AuditFlags): Promise<ExitCode> {
  const conditions = (flags.failOn ?? []).map(parseCondition);
  for (const condition of conditions) checkFigure(condition);
  const isolated = flags.isolated === undefined ? undefined : parseCpuList(flags.isolated, '--isolated');
  const recording = await openRecording(file);
  const progress = new Progress(process.stderr, flags.progress);
  let report: AuditReport;
  try {
    report = await auditRecording(recording, isolated, flags, progress);
  } finally {
    progress.done();
    await recording.reader.close();
  }
  process.stdout.write(written(report, flags));
  return checked(report, conditions);
}

async function auditRecording(
  { reader, machine, name, kernel, path, files }: OpenRecording,
  isolated: readonly number[] | undefined,
  flags: AuditFlags,
  progress: Progress,
): Promise<AuditReport> {
  const beside = path === '' ? null : loadAuditFiles(path);
  const isWhole = flags.from === undefined && flags.to === undefined;
  return audit(reader, {
    name,
    kernel,
    isolated: isolated ?? [...machine.isolated],
    isolatedFrom: isolated ? '--isolated' : files.filter((each) => isolationFiles.has(each)).join(', '),
    recorded: [...(flags.recorded ?? []), ...(beside?.recorded ?? [])],
    // The counters cover the whole recording, not a part of it.
    interruptTables: isWhole ? (beside?.interruptTables ?? null) : null,
    fromNs: flags.from && momentNs(flags.from, reader),
    toNs: flags.to && momentNs(flags.to, reader),
    partial: flags.partial === true,
    onProgress: (bytesRead, bytesTotal) => progress.update(bytesRead, bytesTotal),
  });
}

const isolationFiles: ReadonlySet<string> = new Set(['proc-start/cpu_isolated', 'proc-start/cpu_nohz_full']);

function written(report: AuditReport, flags: AuditFlags): string {
  if (flags.json) return writeJson(report);
  return flags.csv ? writeAuditCsv([report]) : auditText(report, screenOf(process.stdout, process.env));
}

/** Says on standard error which conditions hold, so that the output stays as it is without them. */
function checked(report: AuditReport, conditions: readonly Condition[]): ExitCode {
  const failures = conditions.map((condition) => auditFailure(condition, report)).filter((why) => why !== '');
  for (const why of failures) process.stderr.write(`drainlab: check failed: ${report.source.name}: ${why}\n`);
  return failures.length === 0 ? ExitCode.ok : ExitCode.checkFailed;
}
