import { expect, test } from 'vitest';
import { madeFiles } from '../../test/made-sosreports.ts';
import { readHostSnapshot } from '../snapshot/read-host-snapshot.ts';
import { censusOf } from './census-of.ts';
import { fleetOf } from './fleet.ts';
import { fleetHost } from './fleet-host.ts';
import { fleetHtml } from './fleet-html.ts';
import { escaped } from './html-text.ts';

const markup = `</td></table><script>alert("x")</script><img src=x onerror='alert(1)'>&`;

function page(name: string, message = 'damaged'): string {
  const files = madeFiles({ name, kernel: `6.1${name}`, cpus: 4, empty: [1], isolated: 0 });
  const host = fleetHost(censusOf(readHostSnapshot(files, name), { path: `reports/${name}` }));
  // Whatever the readers let through of a foreign name must not matter here.
  const named = {
    ...host,
    name,
    kernel: name,
    series: name,
    warnings: [name],
    zones: [{ name, lists: 1, empty: 1 }],
  };
  const errors = [{ path: name, code: 'E_X', message }];
  return fleetHtml(fleetOf({ paths: [name], hosts: [named], errors, ignored: { [name]: 1 }, notRead: 0 }));
}

test('markup in the name of a host, a kernel, a zone, a path and a message stays text', () => {
  const html = page(markup, markup);
  expect(html).toContain(escaped(markup));
  expect(html.replaceAll(escaped(markup), '')).not.toMatch(/alert|onerror|<img|<script/);
  // As many elements as with a plain name.
  const elements = (text: string) => text.match(/<\/?[a-z]+/g)?.join(' ');
  expect(elements(html)).toBe(elements(page('web1', 'web1')));
});

test('signs that hide or turn text are made visible', () => {
  expect(escaped('a\u0000b\u001b[31m\u202ecod.exe\u2066')).toBe('a\\u0000b\\u001b[31m\\u202ecod.exe\\u2066');
  expect(escaped('Rechner-ä-東京')).toBe('Rechner-ä-東京');
});

test('one file for itself: nothing is loaded, nothing runs, and every plot and table has a name', () => {
  const html = page('web1');
  expect(html).not.toMatch(/<script|<link|<iframe|url\(|@import|https?:/);
  expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(html.match(/<svg role="img" aria-labelledby="(\S+) (\S+)"/g)).toHaveLength(3);
  for (const [, id] of html.matchAll(/aria-labelledby="(\S+) /g))
    expect(html).toContain(`<title id="${id}">`);
  expect(html.match(/<caption>/g)?.length).toBe(html.match(/<table>/g)?.length);
  expect(html.match(/<h1>/g)).toHaveLength(1);
});

test('a survey that could read nothing says so', () => {
  const html = fleetHtml(
    fleetOf({
      paths: ['x'],
      hosts: [],
      errors: [{ path: 'x', code: 'E_X', message: 'cut' }],
      ignored: {},
      notRead: 0,
    }),
  );
  expect(html).toContain('No host could be read.');
  expect(html).not.toContain('NaN');
});
