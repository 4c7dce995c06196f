/** What keeps this host from a light recording, each with its cure, and what it has for one. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { readOr } from '../tracefs.ts';

export interface LightRights {
  readonly isRoot: boolean;
  readonly hasBpftrace: boolean;
  /** The kernel can place probes on functions. */
  readonly hasProbes: boolean;
  readonly lockdown: string;
  /** bpftrace can read the kernel's types. */
  readonly knowsTypes: boolean;
}

export function lightRightsOfThisHost(): LightRights {
  const info = spawnSync('bpftrace', ['--info'], { encoding: 'utf8', timeout: 30_000 });
  // bpftrace 0.17 says it on its standard error.
  const types = /^ *btf: (yes|no)$/m.exec(`${info.stdout ?? ''}\n${info.stderr ?? ''}`)?.[1];
  return {
    isRoot: process.getuid?.() === 0,
    hasBpftrace: info.error === undefined,
    hasProbes:
      existsSync('/sys/bus/event_source/devices/kprobe') || existsSync('/sys/kernel/tracing/kprobe_events'),
    lockdown: /\[(\w+)\]/.exec(readOr('/sys/kernel/security/lockdown'))?.[1] ?? '',
    knowsTypes: types === undefined ? existsSync('/sys/kernel/btf/vmlinux') : types === 'yes',
  };
}

export function whatKeepsLight(rights: LightRights): string[] {
  const reasons: string[] = [];
  if (!rights.isRoot) reasons.push('only root may load BPF programs: sudo drainlab record --light …');
  if (!rights.hasBpftrace) reasons.push('bpftrace is not installed: apt-get install bpftrace');
  if (!rights.hasProbes)
    reasons.push(
      'this kernel has no probes on functions (CONFIG_KPROBES is off): record it without --light, or another kernel with --vm',
    );
  if (rights.lockdown === 'confidentiality')
    reasons.push('the kernel is locked down for confidentiality: boot it with lockdown=integrity or none');
  return reasons;
}

/** Throws E_RECORD_RIGHTS with all that is missing. */
export function refuseLightWithoutRights(rights: LightRights): void {
  const reasons = whatKeepsLight(rights);
  if (reasons.length === 0) return;
  throw new DrainlabError('this host cannot be recorded with --light as it is', {
    code: 'E_RECORD_RIGHTS',
    hint: `${reasons.join('\n  ')}\n  --dry-run shows what would be done.`,
    exitCode: ExitCode.outside,
  });
}
