/**
 * The bpftrace program of a light recording. The kernel itself chooses the CPUs of a drain and keeps them in a static mask
 * (mm/page_alloc.c, 4.11 on): the program reads that mask when the first chosen CPU is drained, and writes one line when the
 * call returns. Nothing runs between drains: its probes stand on the functions of a drain only. Written for bpftrace 0.17 (no
 * loops over maps, 512 bytes of stack).
 */

import { callerOn, type LightKernel } from './light-kernel.ts';

/** Version of the lines, in the first line of each light recording. */
export const lightFormat = 1;

/** A line holds this many CPUs: what it is made of must fit into the 512 bytes of a BPF stack. */
export const lightCpusMax = 1024;

export function lightProgram(kernel: LightKernel): string {
  const words = Array.from({ length: Math.max(1, Math.ceil(kernel.cpuCount / 64)) }, (_, i) => i);
  const parts = [begin(kernel), onCall(kernel), onVisit(kernel, words), onReturn(kernel, words), end(kernel)];
  return `${parts.join('\n\n')}\n`;
}

/** Maps by requesting task. Which task held the mutex at the call matters only where such calls are seen. */
function mapsOf({ seenFrom }: LightKernel): string[] {
  return seenFrom === 'call' ? ['call', 'drained', 'held'] : ['call', 'drained'];
}

/** The header, so that the file tells its machine also when somebody runs the program by hand. */
function begin(kernel: LightKernel): string {
  const header = lightHeader(kernel).map((line) => `  printf("${line}\\n");`);
  return `BEGIN {\n${header.join('\n')}\n  printf("# began: %s by this host's clock, ", strftime("%Y-%m-%d %H:%M:%S", nsecs));\n  printf("%d.%09d of the stamps\\n", nsecs / 1000000000, nsecs % 1000000000);\n}`;
}

/** Lines without quotes, backslashes and percent signs: they stand in a printf. */
export function lightHeader(kernel: LightKernel): string[] {
  const seen =
    kernel.seenFrom === 'call'
      ? 'every call; turned-away? and empty? are told by whether another drain ran then'
      : 'calls that had their turn; those that were turned away are not seen';
  return [
    `# tracer: drainlab-light ${lightFormat}`,
    `# kernel: ${kernel.release}`,
    `# CPUs possible: ${kernel.possible}`,
    `# CPUs online: ${kernel.online}`,
    `# CPUs isolated: ${kernel.isolated}`,
    `# zones: ${kernel.zones.join(' ')}`,
    '# clock: nanoseconds since boot; a line has the time at which its call began',
    `# seen: ${seen}`,
    '# mask: CPUs that the kernel found with pages when it looked; of a forced drain all that it drains',
  ].map((line) => line.replace(/["\\%]/g, '_'));
}

function onCall(kernel: LightKernel): string {
  const force = kernel.tellsForce ? 'arg1 & 1' : '0';
  const held =
    kernel.seenFrom === 'call' ? `\n  @held[$requester] = *(uint64 *)kaddr("${kernel.mutex}");` : '';
  return `kprobe:${kernel.drain} {
  @begun = count();
  $requester = (uint64)curtask;
  @call[$requester] = (nsecs, cpu, (uint64)${callerOn(kernel.architecture)}, (uint64)arg0, (uint64)(${force}));${held}
}`;
}

/** Workers run for whoever holds the mutex: its first word is the owner, with flags in the lowest three bits (struct mutex). */
function onVisit({ visit, visitedBy, mask, mutex }: LightKernel, words: readonly number[]): string {
  const owner = visitedBy === 'worker' ? `*(uint64 *)kaddr("${mutex}") & 0xfffffffffffffff8` : 'curtask';
  const reads = words.map(
    (word) => `    @mask[$requester, ${word}] = *(uint64 *)(kaddr("${mask}") + ${8 * word});`,
  );
  return `kprobe:${visit} {
  $requester = (uint64)(${owner});
  if (@call[$requester].0 != 0 && @drained[$requester] == 0) {
    @drained[$requester] = 1;
${reads.join('\n')}
  }
}`;
}

function onReturn(kernel: LightKernel, words: readonly number[]): string {
  const { drain, knowsTypes, visitedBy } = kernel;
  const zone = knowsTypes ? 'zone=%s node=%d' : 'zone=0x%lx';
  const zoneValues = knowsTypes
    ? '$call.3 != 0 ? str(((struct zone *)$call.3)->name) : "all", $call.3 != 0 ? ((struct zone *)$call.3)->node : -1'
    : '$call.3';
  const maskFormat = words.map(() => '%016lx').join('');
  const maskValues = [...words].reverse().map((word) => `@mask[$requester, ${word}]`);
  return `kretprobe:${drain} /@call[(uint64)curtask].0 != 0/ {
  @ended = count();
  $requester = (uint64)curtask;
  $call = @call[$requester];
  $holders = (uint64)0;
${words.map(addOnes).join('\n')}
  printf("%16s-%-7d [%03d] %5d.%09d: light_drain: caller=%s ${zone} forced=%d result=%s by=${visitedBy} cpus=%d mask=0x${maskFormat} dur_ns=%d\\n",
    comm, tid, $call.1, $call.0 / 1000000000, $call.0 % 1000000000, ksym($call.2),
    ${zoneValues}, $call.4,
    ${result(kernel)}, $holders,
    ${maskValues.join(', ')}, nsecs - $call.0);
${mapsOf(kernel)
  .map((map) => `  delete(@${map}[$requester]);`)
  .join('\n')}
${words.map((word) => `  delete(@mask[$requester, ${word}]);`).join('\n')}
}`;
}

/**
 * Who names a zone or forces the drain waits for the turn; others return at once while another drain runs. No event tells a call
 * that was turned away from one that found nobody: it was, if another drain ran when it was asked for or when it returned.
 */
function result({ seenFrom, mutex }: LightKernel): string {
  if (seenFrom === 'turn') return '@drained[$requester] ? "drained" : "empty"';
  const held = `(@held[$requester] || *(uint64 *)kaddr("${mutex}"))`;
  return `@drained[$requester] ? "drained" : (${held} && $call.3 == 0 && $call.4 == 0 ? "turned-away?" : "empty?")`;
}

/** Adds the ones of a word to `$holders` (bits in parallel; bpftrace has no such function). */
function addOnes(word: number): string {
  return `  $x = @mask[$requester, ${word}];
  $x = $x - (($x >> 1) & 0x5555555555555555);
  $x = ($x & 0x3333333333333333) + (($x >> 2) & 0x3333333333333333);
  $holders = $holders + (((($x + ($x >> 4)) & 0x0f0f0f0f0f0f0f0f) * 0x0101010101010101) >> 56);`;
}

/** What is left of calls that still run is no part of the recording; the two counts are printed by bpftrace when it ends. */
function end(kernel: LightKernel): string {
  return `END {\n${[...mapsOf(kernel), 'mask'].map((map) => `  clear(@${map});`).join('\n')}\n}`;
}
