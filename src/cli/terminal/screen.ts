/** What the terminal can show, from its environment. */

import picocolors from 'picocolors';

export interface Screen {
  /** Columns; lines are wrapped to it. */
  readonly width: number;
  readonly colours: ReturnType<typeof picocolors.createColors>;
  /** Block characters and typographic signs; else plain ASCII. */
  readonly unicode: boolean;
}

/** Width of text that goes into a file or a pipe. */
const plainWidth = 100;
const widthMin = 40;

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export function screenOf(output: Output, env: Record<string, string | undefined>): Screen {
  return {
    width: Math.max(widthMin, (output.isTTY && output.columns) || plainWidth),
    colours: picocolors.createColors(wantsColour(output, env)),
    unicode: wantsUnicode(env),
  };
}

/** NO_COLOR (no-color.org) wins, then FORCE_COLOR, then whether somebody looks at it. */
function wantsColour(output: Output, env: Record<string, string | undefined>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return output.isTTY === true && env.TERM !== 'dumb';
}

/** A locale that names another character set gets ASCII; none at all is taken for UTF-8. */
function wantsUnicode(env: Record<string, string | undefined>): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return locale === '' || /utf-?8/i.test(locale);
}

const plainSigns: Record<string, string> = {
  '–': '-',
  '—': '-',
  '·': '-',
  '…': '...',
  µ: 'u',
  '█': '#',
  '─': '-',
  '≥': '>=',
  '×': 'x',
  '→': '->',
};

/** `text` with ASCII for the signs that drainlab itself writes; what stands in a recording stays. */
export function forScreen(text: string, { unicode }: Screen): string {
  return unicode ? text : text.replace(/[–—·…µ█─≥×→]/g, (sign) => plainSigns[sign] ?? sign);
}
