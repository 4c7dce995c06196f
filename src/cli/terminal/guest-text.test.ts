import { describe, expect, it } from 'vitest';
import { guestPlan } from '../../host/vm/guest-plan.ts';
import type { GuestRecording } from '../../host/vm/lay-out.ts';
import type { GuestRequest } from '../../host/vm/record-in-guest.ts';
import { guestRecordingText, stageText } from './guest-text.ts';

const request: GuestRequest = {
  kernel: { path: '/k', release: '6.1', modules: null, config: null },
  qemu: { path: 'q', version: '7.2.22', accelerator: 'kvm', whyEmulated: '' },
  cpus: 8,
  memoryMegabytes: 2048,
  numaNodes: 1,
  append: '',
  busybox: '/b',
  include: [],
  workload: '',
  isDefaultLoad: false,
  plan: guestPlan({
    purpose: 'replay',
    bufferKilobytesPerCpu: 1,
    workloadSeconds: 1,
    snapshotSeconds: 1,
    timeoutSeconds: 1,
    workingFolder: '/',
  }),
  timeoutSeconds: 1,
  folder: 'f',
};

const recording: GuestRecording = {
  folder: 'f',
  release: '6.1.0',
  losses: { cpus: [], unplaced: 0 },
  boots: 1,
  complaints: [],
  end: 'ended',
  workloadSeconds: 20,
  status: 0,
  probes: ['p:drainlab/drain_all_pages drain_all_pages zone=%di:x64'],
  refusedProbes: [],
  absentEvents: [],
};

const text = (other: Partial<GuestRecording>, otherRequest: Partial<GuestRequest> = {}) =>
  guestRecordingText({ ...recording, ...other }, { ...request, ...otherRequest });

describe('what record --vm says of a recording', () => {
  it('is one kernel, one machine, how it ended', () => {
    expect(text({})).toBe(
      'f · Linux 6.1.0 · 8 CPUs · 2,048 MB\n' +
        '  The workload ended after 20 seconds. No event was lost.\n' +
        '  QEMU 7.2.22 with KVM.\n',
    );
  });

  it('has every caveat: lost events, emulation, no probes', () => {
    const lost = text({ losses: { cpus: [{ cpu: 3, events: 1234 }], unplaced: 0 } });
    expect(lost).toContain('1,234 events were lost (CPU 3: 1,234).');
    const qemu = {
      path: 'q',
      version: '7.2',
      accelerator: 'tcg',
      whyEmulated: 'there is no /dev/kvm',
    } as const;
    expect(text({}, { qemu })).toContain(
      'QEMU 7.2 emulated the processors (there is no /dev/kvm): counts are real, times are those of an emulator.',
    );
    expect(text({ boots: 2 })).toContain('booted 2 times');
    expect(text({ complaints: ['[ 1.2] BUG: bad\u001b page'] })).toContain(
      'complained (dmesg.txt has more): [ 1.2] BUG: bad? page',
    );
    expect(text({ probes: [] })).toContain('no probe stand on drain_all_pages');
  });

  it('tells apart why the workload ended', () => {
    expect(text({ status: 3 })).toContain('FAILED after 20 seconds with status 3');
    expect(text({ end: 'time', status: null })).toContain('its time was over');
    expect(text({ end: 'full', status: null })).toContain('before a trace buffer was full');
    expect(text({ end: 'full', status: null }, { isDefaultLoad: true })).toContain('as full as they may be');
    expect(text({ end: 'overfull', status: null })).toContain('Recording stopped before the end');
  });

  it('on the way is where the guest is', () => {
    expect(stageText('booted 6.1.0')).toBe('getting ready');
    expect(stageText('running 12 40')).toBe('workload runs for 12 s, fullest trace buffer 40 %');
    expect(stageText('bringing-out')).toBe('bringing the recording out');
  });
});
