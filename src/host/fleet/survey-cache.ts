/**
 * What was found of each archive, one small file each, so that a broken or repeated survey looks only at what is new. An entry holds
 * for a path, size and time of change, for one version of drainlab and for one question; folders are looked at each time.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { HostPlace } from './find-hosts.ts';
import type { HostOutcome, HostQuestion } from './survey-host.ts';

export class SurveyCache {
  /** Why the last entry could not be written; '' : all were. */
  failure = '';
  readonly #folder: string;
  readonly #asked: string;

  /** Throws E_CENSUS_CACHE when the folder cannot be made. */
  constructor(folder: string, version: string, question: HostQuestion) {
    this.#folder = folder;
    this.#asked = JSON.stringify([version, question.policies ?? null, question.isolated ?? null]);
    try {
      mkdirSync(folder, { recursive: true });
    } catch (cause) {
      throw new DrainlabError(`the folder cannot be made: ${(cause as Error).message}`, {
        code: 'E_CENSUS_CACHE',
        where: folder,
        hint: 'Name a folder that you may write to.',
        exitCode: ExitCode.outside,
        cause,
      });
    }
  }

  /** null: not there, or of another file, version or question. */
  get(place: HostPlace): HostOutcome | null {
    if (place.kind === 'folder') return null;
    const key = this.#keyOf(place);
    try {
      const entry: unknown = JSON.parse(readFileSync(this.#fileOf(key), 'utf8'));
      return isEntry(entry) && entry.key === key ? withPath(entry.outcome, place.path) : null;
    } catch {
      // Not there, or not ours: the archive itself is asked.
      return null;
    }
  }

  /** An outcome that may change by itself is not kept. A full disk does not end the survey. */
  put(place: HostPlace, outcome: HostOutcome): void {
    if (place.kind === 'folder' || ('error' in outcome && !outcome.isLasting)) return;
    const key = this.#keyOf(place);
    const file = this.#fileOf(key);
    const part = `${file}.${process.pid}.part`;
    try {
      writeFileSync(part, JSON.stringify({ key, outcome }), { flag: 'wx' });
      renameSync(part, file);
    } catch (error) {
      this.failure = (error as Error).message;
      rmSync(part, { force: true });
    }
  }

  #keyOf({ path, bytes, modifiedMs }: HostPlace): string {
    return JSON.stringify([resolve(path), bytes, modifiedMs, this.#asked]);
  }

  #fileOf(key: string): string {
    return join(this.#folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  }
}

function isEntry(value: unknown): value is { key: string; outcome: HostOutcome } {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('outcome' in value)) return false;
  const { outcome } = value;
  return typeof outcome === 'object' && outcome !== null && ('host' in outcome || 'error' in outcome);
}

/** The same file may be named by another path this time. */
function withPath(outcome: HostOutcome, path: string): HostOutcome {
  if ('host' in outcome) return { host: { ...outcome.host, path } };
  return { ...outcome, error: { ...outcome.error, path } };
}
