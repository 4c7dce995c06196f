/** What can be wrong with an archive. Codes: docs/errors.md. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';

export type ArchiveErrorCode =
  | 'E_ARCHIVE_TRUNCATED'
  | 'E_ARCHIVE_DAMAGED'
  | 'E_ARCHIVE_FORMAT'
  | 'E_ARCHIVE_LIMIT'
  | 'E_ARCHIVE_NO_HOST'
  | 'E_ARCHIVE_READ';

const hints: Record<ArchiveErrorCode, string> = {
  E_ARCHIVE_TRUNCATED: 'The file ends too early: copy it again.',
  E_ARCHIVE_DAMAGED: 'The file is damaged: copy it again.',
  E_ARCHIVE_FORMAT: 'drainlab reads tar, plain or packed with gzip, xz or zstd.',
  E_ARCHIVE_LIMIT:
    'No sosreport needs this much: the file is damaged or hostile. Unpacked into a folder, a sound one can be read.',
  E_ARCHIVE_NO_HOST: 'A sosreport has the file proc/zoneinfo when its plugin "kernel" ran.',
  E_ARCHIVE_READ: 'Check the rights of the file, and the disk.',
};

export function archiveError(
  code: ArchiveErrorCode,
  message: string,
  path: string,
  cause?: unknown,
): DrainlabError {
  const exitCode = code === 'E_ARCHIVE_READ' ? ExitCode.outside : ExitCode.badInput;
  return new DrainlabError(message, { code, where: path, hint: hints[code], exitCode, cause });
}
