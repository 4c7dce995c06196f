/** Recordings as one HTML file that can be mailed: the built page (dist/mail/page.html) with the packed views in it. */

import { existsSync, readFileSync } from 'node:fs';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import { type Packed, pack } from '../engine/timeline/pack.ts';
import { writeWhole } from './write-whole.ts';

/** Of all packed views together: with the page, base64 and all, the file stays below 8 MB. */
const packedBytesMax = 5_000_000;
const mark = '<!-- data -->';

/** Throws E_OUTPUT where the file cannot be written. Returns its size, and whether every change of pages is in it. */
export async function writeHtml(
  path: string,
  views: readonly Packed[],
): Promise<{ bytes: number; exact: boolean }> {
  const page = builtPage();
  const parts: string[] = [];
  let exact = true;
  for (const each of views) {
    const packed = await pack(each, packedBytesMax / views.length);
    exact &&= packed.exact;
    parts.push(
      `<script type="application/octet-stream" class="drainlab-data">${Buffer.from(packed.bytes).toString('base64')}</script>`,
    );
  }
  const title = views.map(({ verdict }) => verdict.source.name).join(', ');
  const html = page
    .replace('<title>drainlab</title>', () => `<title>${escaped(title)} · drainlab</title>`)
    .replace(mark, () => parts.join('\n'));
  writeWhole(path, html);
  return { bytes: Buffer.byteLength(html), exact };
}

function builtPage(): string {
  const path = new URL('../mail/page.html', import.meta.url);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  throw new DrainlabError('the page was not built', {
    code: 'E_PAGE_NOT_BUILT',
    hint: 'In a checkout: npm run build.',
    exitCode: ExitCode.outside,
  });
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
