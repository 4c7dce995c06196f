/** What `drainlab record --vm` says: where the guest is, and what came of it. */

import { count, plural } from '../../engine/report/numbers.ts';
import { lossText } from '../../host/record/losses.ts';
import type { GuestRecording } from '../../host/vm/lay-out.ts';
import type { GuestRequest } from '../../host/vm/record-in-guest.ts';

/** What the guest says on its way (guest-init.ts) for people: `running 12 40` → `workload runs for 12 s, …`. */
export function stageText(said: string): string {
  const [word, seconds, full] = said.split(' ');
  switch (word) {
    case 'running':
      return `workload runs for ${seconds} s, fullest trace buffer ${full} %`;
    case 'recording':
      return 'workload runs';
    case 'booted':
      return 'getting ready';
    case 'bringing-out':
      return 'bringing the recording out';
    default:
      return 'ending';
  }
}

export function guestRecordingText(recording: GuestRecording, request: GuestRequest): string {
  const { folder, release, losses, boots, complaints, probes } = recording;
  const { cpus, memoryMegabytes } = request;
  return [
    `${folder} · Linux ${release} · ${plural(cpus, 'CPU')} · ${count(memoryMegabytes)} MB`,
    `  ${endText(recording, request)}. ${lossText(losses) || 'No event was lost.'}`,
    `  ${machineText(request)}`,
    ...(boots > 1
      ? [`  It was booted ${boots} times: the emulation stumbled over code that the kernel had patched.`]
      : []),
    ...(complaints.length > 0
      ? [
          `  The kernel complained (dmesg.txt has more): ${complaints[0].replace(/[^ -~]/g, '?').slice(0, 160)}`,
        ]
      : []),
    ...(probes.some((probe) => probe.includes('drain_all_pages'))
      ? []
      : ['  This kernel let no probe stand on drain_all_pages: when a drain was asked for is not recorded.']),
    '',
  ].join('\n');
}

function machineText({ qemu }: GuestRequest): string {
  if (qemu.accelerator === 'kvm') return `QEMU ${qemu.version} with KVM.`;
  const why = qemu.whyEmulated === '' ? '' : ` (${qemu.whyEmulated})`;
  return `QEMU ${qemu.version} emulated the processors${why}: counts are real, times are those of an emulator.`;
}

function endText(recording: GuestRecording, { isDefaultLoad }: GuestRequest): string {
  const { end, status, workloadSeconds } = recording;
  const after = `after ${plural(workloadSeconds, 'second')}`;
  switch (end) {
    case 'ended':
      return status === 0
        ? `The ${isDefaultLoad ? 'load' : 'workload'} ended ${after}`
        : `The workload FAILED ${after} with status ${status}; workload.out has what it wrote`;
    case 'time':
      return `The workload was ended ${after}, its time was over (--length, --timeout)`;
    case 'full':
      return isDefaultLoad
        ? `The load was ended ${after}, with the trace buffers as full as they may be`
        : `The workload was ended ${after}, before a trace buffer was full (more: --buffer-size, --memory)`;
    case 'overfull':
      return `Recording stopped before the end ${after}: a trace buffer was full (more: --buffer-size, --memory)`;
  }
}
