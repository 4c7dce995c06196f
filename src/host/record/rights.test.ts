/** What is said on hosts that cannot record, each with its cure. */

import { describe, expect, test } from 'vitest';
import { chosenBackend, refuseWithoutRights } from './backends.ts';
import { type HostRights, whatKeeps } from './rights.ts';

const allIsWell: HostRights = {
  tracefs: '/sys/kernel/tracing',
  isRoot: true,
  tracefsIsOpen: true,
  kernelTraces: true,
  lockdown: '',
  perfParanoid: 2,
  hasPerf: true,
  hasTraceCmd: true,
  functionFiltersOpen: true,
};
const user: HostRights = { ...allIsWell, isRoot: false, tracefsIsOpen: false };

describe('what keeps a backend from recording', () => {
  test('nothing, on a host where all is well', () => {
    for (const backend of ['tracefs', 'perf', 'trace-cmd'] as const)
      expect(whatKeeps(backend, allIsWell)).toEqual([]);
  });

  test('an ordinary user', () => {
    expect(whatKeeps('tracefs', user)).toEqual([
      '/sys/kernel/tracing is open to root only: sudo drainlab record …',
    ]);
    expect(whatKeeps('perf', user)[0]).toContain('sysctl kernel.perf_event_paranoid=-1');
  });

  test('root in a container whose tracefs is read-only', () => {
    expect(whatKeeps('tracefs', { ...allIsWell, tracefsIsOpen: false })[0]).toContain('CAP_SYS_ADMIN');
  });

  test('tracefs that is not mounted, a kernel that cannot trace, lockdown', () => {
    const unmounted = { ...allIsWell, tracefs: '', tracefsIsOpen: false };
    expect(whatKeeps('tracefs', unmounted)).toEqual([
      'tracefs is not mounted: mount -t tracefs nodev /sys/kernel/tracing',
    ]);
    expect(whatKeeps('tracefs', { ...unmounted, kernelTraces: false })[0]).toContain('CONFIG_FTRACE');
    expect(whatKeeps('tracefs', { ...user, lockdown: 'confidentiality' })[0]).toContain('lockdown=integrity');
    expect(whatKeeps('tracefs', { ...allIsWell, lockdown: 'integrity' })).toEqual([]);
  });

  test('programs that are missing, and a kernel that trace-cmd cannot work with', () => {
    expect(whatKeeps('trace-cmd', { ...allIsWell, hasTraceCmd: false })).toEqual([
      'trace-cmd is not installed: apt-get install trace-cmd',
    ]);
    expect(whatKeeps('trace-cmd', { ...allIsWell, functionFiltersOpen: false })[0]).toContain(
      'set_ftrace_pid',
    );
    expect(whatKeeps('perf', { ...allIsWell, hasPerf: false, perfParanoid: null })).toHaveLength(2);
  });
});

describe('the choice of a backend', () => {
  test('is tracefs where it is open, what the user says, and else the first with its lacks told', () => {
    expect(chosenBackend('auto', allIsWell)).toBe('tracefs');
    expect(chosenBackend('perf', allIsWell)).toBe('perf');
    expect(chosenBackend('auto', user)).toBe('tracefs');
  });

  test('without rights for any ends in one message', () => {
    expect(() => refuseWithoutRights('auto', allIsWell)).not.toThrow();
    expect(() => refuseWithoutRights('auto', user)).toThrow(
      expect.objectContaining({
        code: 'E_RECORD_RIGHTS',
        exitCode: 4,
        hint: expect.stringMatching(/^tracefs: .*\n {2}perf: .*\n[\s\S]*trace-cmd: /),
      }),
    );
    expect(() => refuseWithoutRights('trace-cmd', { ...allIsWell, functionFiltersOpen: false })).toThrow();
  });
});
