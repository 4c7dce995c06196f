/** The verdict as one picture: its sentence, and a bar for each policy. For mails and slides. */

import { count, percent } from '../../engine/report/numbers.ts';
import type { Verdict } from '../../engine/report/verdict.ts';
import { escaped } from './svg-text.ts';

export const pictureWidth = 800;
const rowHeight = 26;
const headHeight = 96;
const barsFrom = 150;
const barsWidth = 420;

export function pictureHeight({ policies }: Verdict): number {
  return headHeight + policies.length * rowHeight + 36;
}

export function verdictSvg(verdict: Verdict): string {
  const { policies, source } = verdict;
  const most = Math.max(1, ...policies.map(({ interrupts }) => interrupts));
  const height = pictureHeight(verdict);
  const lines = wrapped(verdict.answers[0], 92).slice(0, 3);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${pictureWidth}" height="${height}" viewBox="0 0 ${pictureWidth} ${height}" font-family="sans-serif" font-size="14" fill="#16191d">`,
    `<title>${escaped(verdict.answers[0])}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...lines.map((line, i) => `<text x="16" y="${26 + i * 20}" font-weight="600">${escaped(line)}</text>`),
    ...policies.flatMap(({ name, interrupts, savedPercent, basis }, i) => {
      const y = headHeight + i * rowHeight;
      const saved = savedPercent === null ? '' : ` · ${percent(savedPercent)} saved`;
      const width = Math.round((interrupts / most) * barsWidth);
      return [
        `<text x="16" y="${y + 14}">${escaped(name)}</text>`,
        `<rect x="${barsFrom}" y="${y}" width="${Math.max(1, width)}" height="18" fill="#0a5fb4"/>`,
        `<text x="${barsFrom + width + 8}" y="${y + 14}">${basis === 'modelled' ? '~' : ''}${count(interrupts)}${saved}</text>`,
      ];
    }),
    `<text x="16" y="${height - 12}" font-size="12" fill="#515a66">${escaped(`interrupts to other CPUs · ${source.name} · Linux ${source.kernel} · ${source.cpus} CPUs · drainlab`)}</text>`,
    '</svg>',
  ];
  return parts.join('\n');
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
