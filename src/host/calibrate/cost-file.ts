/** The file that `drainlab simulate --costs` takes: the costs as YAML, and in its comments where they come from. */

import type { Calibration } from './calibration.ts';

export function costFileText(calibration: Calibration): string {
  const { host, costs, idleStates } = calibration;
  const lines = [
    `# ${calibration.schema}: costs measured by drainlab calibrate`,
    `# host ${oneLine(host.name)}, kernel ${oneLine(host.kernel)}, ${oneLine(host.processor)}${host.virtual ? ', a virtual machine' : ''}`,
    `# asked by CPU ${host.cpu}, CPUs interrupted: ${host.targets}`,
    ...calibration.warnings.map((warning) => `# note: ${oneLine(warning)}`),
    ...idleStates.map(
      ({ name, exitUs, residencyUs }) =>
        `# idle state ${oneLine(name)}: exit ${exitUs} µs, residency ${residencyUs} µs (declared by the kernel, not measured)`,
    ),
    'costs:',
    ...costs.map(({ name, ns, basis, from }) => `  ${name}: ${ns} # ${basis}: ${from}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Names of hosts and processors are foreign text: a line break would end the comment. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');
}
