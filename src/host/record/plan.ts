/**
 * What a recording does, step by step. The same list is printed by --dry-run and carried out; each change of the host
 * carries its undoing, so that restoring needs no knowledge of its own.
 */

/** A write to one of the kernel's tracing files. */
export interface WriteChange {
  readonly do: 'write' | 'append';
  readonly path: string;
  readonly text: string;
  /** What is written to the same file afterwards; '' for nothing. */
  readonly undo: string;
  /** The kernel may refuse it; then the recording says so and goes on. */
  readonly mayFail?: true;
}

/** A change of the host: a write, or a folder, which the tracer takes for a new instance. */
export type Change = { readonly do: 'make'; readonly path: string } | WriteChange;

export type Action =
  /** Copies files of /proc and /sys into a folder of the recording. */
  | { readonly do: 'save'; readonly to: string }
  /** Begins to take events out of the kernel; `line` says how a shell would. */
  | { readonly do: 'start' | 'stop' | 'finish'; readonly line: string }
  | { readonly do: 'snapshot'; readonly label: string }
  /** The user's command; empty: waits. */
  | { readonly do: 'command'; readonly words: readonly string[] };

export type Step = Change | Action;

export interface RecordPlan {
  /** In one line: what this writes to the kernel. */
  readonly writes: string;
  readonly steps: readonly Step[];
  /** What is not offered, what is taken, each in one sentence. */
  readonly notes: readonly string[];
}

export function isChange(step: Step): step is Change {
  return step.do === 'make' || step.do === 'write' || step.do === 'append';
}

/** The change as a command of a shell. */
export function changeLine(change: Change): string {
  if (change.do === 'make') return `mkdir ${shellWord(change.path)}`;
  return writeLine(change.text, change.do === 'append', change.path);
}

/** What takes the change back, as a command of a shell; '' for nothing. */
export function undoLine(change: Change): string {
  if (change.do === 'make') return `rmdir ${shellWord(change.path)}`;
  return change.undo === '' ? '' : writeLine(change.undo, change.do === 'append', change.path);
}

function writeLine(text: string, append: boolean, path: string): string {
  return `echo ${shellWord(text)} ${append ? '>>' : '>'} ${shellWord(path)}`;
}

/** The plan for people: a shell script, the undoing as its end. */
export function planText({ steps, notes }: RecordPlan): string {
  const lines = notes.map((note) => `# ${note}`);
  for (const step of steps) lines.push(stepLine(step));
  const undone = steps
    .filter(isChange)
    .map(undoLine)
    .filter((line) => line !== '');
  if (undone.length > 0) lines.push('# and in the end, whatever happens:', ...undone.reverse());
  return lines.map((line) => `${line}\n`).join('');
}

function stepLine(step: Step): string {
  switch (step.do) {
    case 'make':
      return changeLine(step);
    case 'write':
    case 'append':
      return changeLine(step) + (step.mayFail === true ? '   # may be refused' : '');
    case 'save':
      return `# save /proc/zoneinfo, vmstat, interrupts, … to ${step.to}/`;
    case 'snapshot':
      return `# snapshot ${step.label}: a mark, cat /proc/zoneinfo, a mark`;
    case 'command':
      return step.words.length === 0 ? '# wait' : step.words.map(shellWord).join(' ');
    case 'start':
    case 'stop':
    case 'finish':
      return step.line;
  }
}

/** `word` as one word of a shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
