/** The other screen of a terminal: raw keys, resize, and the old screen back whatever ends it. */

import { forScreen, type Screen, screenOf } from './screen.ts';

export interface FullScreen {
  /** Lines of a picture for a screen of so many rows; more lines are cut. */
  readonly picture: (screen: Screen, rows: number) => readonly string[];
  /** What was typed. False: the end. */
  readonly typed: (text: string) => boolean;
  /** Runs until the signal, or as long as it likes; `draw` shows a new picture. */
  readonly run: (draw: () => void, signal: AbortSignal) => Promise<void>;
}

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: Record<string, string | undefined>;
}

/** The other screen, without a cursor; and back. */
const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';
const ends = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Are both ends a terminal that can move its cursor? */
export function isFullScreenPossible({ stdin, stdout, env }: Terminal): boolean {
  return stdout.isTTY === true && stdin.isTTY === true && env.TERM !== 'dumb';
}

/** Comes back when `run` does, when a key or a signal ends it. Throws what `run` or a picture throws, with the old screen back. */
export async function onFullScreen(terminal: Terminal, { picture, typed, run }: FullScreen): Promise<void> {
  const { stdin, stdout, env } = terminal;
  const stop = new AbortController();
  let failure: unknown;
  let shown: readonly string[] = [];
  const draw = () => {
    if (stop.signal.aborted) return;
    try {
      const screen = screenOf(stdout, env);
      const lines = picture(screen, (stdout.rows ?? 24) - 1).map((line) => forScreen(line, screen));
      const text = changes(shown, lines);
      shown = lines;
      if (text !== '') stdout.write(text);
    } catch (error) {
      failure ??= error;
      stop.abort();
    }
  };
  const resized = () => {
    shown = [];
    stdout.write('\x1b[2J');
    draw();
  };
  const onData = (data: Buffer) => {
    try {
      if (!typed(data.toString('latin1'))) return stop.abort();
    } catch (error) {
      failure ??= error;
      return stop.abort();
    }
    draw();
  };
  const onEnd = () => stop.abort();
  const restore = () => {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.write(leave);
  };
  stdout.write(enter);
  process.once('exit', restore);
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  stdout.on('resize', resized);
  for (const signal of ends) process.on(signal, onEnd);
  try {
    draw();
    await Promise.race([run(draw, stop.signal), aborted(stop.signal)]);
    if (failure !== undefined) throw failure;
  } finally {
    stop.abort();
    for (const signal of ends) process.off(signal, onEnd);
    stdout.off('resize', resized);
    stdin.off('end', onEnd);
    stdin.off('data', onData);
    stdin.pause();
    process.off('exit', restore);
    restore();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Only lines that differ are written; all below the last one is cleared. */
function changes(before: readonly string[], lines: readonly string[]): string {
  let text = '';
  lines.forEach((line, i) => {
    // Cleared first: after a line as wide as the screen, clearing would take its last sign.
    if (line !== before[i]) text += `\x1b[${i + 1};1H\x1b[K${line}`;
  });
  if (lines.length < before.length || before.length === 0) text += `\x1b[${lines.length + 1};1H\x1b[J`;
  return text;
}
