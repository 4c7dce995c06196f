/** YAML text → a plain value, and the line and column of everything in it. Foreign text is hostile: every size is bounded. */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { Path, PlaceOf, Problem } from './problems.ts';
import { ScenarioError } from './problems.ts';

/** A scenario is a page; a megabyte is none. */
const lengthMax = 1_000_000;
const aliasesMax = 100;
const depthMax = 50;

export interface YamlText {
  readonly value: unknown;
  readonly placeOf: PlaceOf;
}

/** Throws a ScenarioError with E_SCENARIO_YAML for what is no YAML. */
export function readYamlText(text: string, file: string): YamlText {
  if (text.length > lengthMax) fail(file, `at most ${lengthMax} characters`, `${text.length}`);
  const strange = controlCharacter(text);
  if (strange >= 0)
    fail(`${file}:${lineAndColumn(text, strange)}`, 'text', 'a control character: this is no YAML');
  const lines = new LineCounter();
  const document = parsed(text, lines, file);
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      (error): Problem => ({
        path: [],
        expected: 'YAML',
        found: error.message.split('\n')[0].replace(/ at line \d+, column \d+:?$/, ''),
        place: at(error.pos[0]),
      }),
    );
    throw new ScenarioError('E_SCENARIO_YAML', problems, () => '', file);
  }
  versionsAsWritten(document);
  return { value: plainValue(document, at, file), placeOf: placesIn(document, at, file) };
}

function parsed(text: string, lines: LineCounter, file: string): Document.Parsed {
  // The parser is recursive: what is nested without bound would fill its stack.
  const deepest = nesting(text);
  if (deepest > depthMax) fail(file, `at most ${depthMax} levels`, `${deepest}`);
  try {
    return parseDocument(text, {
      lineCounter: lines,
      schema: 'core',
      prettyErrors: false,
      logLevel: 'error',
    });
  } catch {
    return fail(file, 'YAML', 'text that cannot be read');
  }
}

/** Brackets that are open at once, at most, and levels of compact lists: more than a reader of text would believe. */
function nesting(text: string): number {
  let open = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '[' || letter === '{') deepest = Math.max(deepest, ++open);
    else if (letter === ']' || letter === '}') open = Math.max(0, open - 1);
  }
  for (const [dashes] of text.matchAll(/(?:[-?:] +){20,}/g)) deepest = Math.max(deepest, dashes.length / 2);
  let indent = 0;
  for (const [, blanks] of text.matchAll(/^( *)\S/gm)) indent = Math.max(indent, blanks.length);
  // Not each blank is a level, but a level needs one.
  return indent > 2000 ? Math.max(deepest, indent) : deepest;
}

/** `version: 3.10` is a number to YAML, and as such 3.1: the text as it stands is meant. */
function versionsAsWritten(document: Document.Parsed): void {
  const node = document.getIn(['kernel', 'version'], true);
  if (isScalar(node) && typeof node.value === 'number' && node.source !== undefined) node.value = node.source;
}

function plainValue(document: Document.Parsed, at: (offset: number) => string, file: string): unknown {
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) {
        fail(at(alias.range?.[0] ?? 0), 'YAML', `*${alias.source.slice(0, 40)}, which no anchor has`);
      }
    },
  });
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch {
    return fail(file, `at most ${aliasesMax} uses of aliases`, 'more');
  }
}

function placesIn(document: Document.Parsed, at: (offset: number) => string, file: string): PlaceOf {
  return (path: Path, atKey: boolean) => {
    let node: unknown = document.contents;
    let offset = startOf(node) ?? 0;
    for (const [index, part] of path.entries()) {
      if (isAlias(node)) node = node.resolve(document);
      let next: unknown;
      let key: unknown;
      if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
        next = pair?.value;
        key = pair?.key;
      } else if (isSeq(node)) next = node.items[Number(part)];
      // What is missing has the place of what should have it.
      const last = index === path.length - 1;
      const found = last && atKey ? startOf(key) : (startOf(next) ?? startOf(key));
      if (found === undefined) break;
      offset = found;
      node = next;
    }
    return document.contents === null ? file : at(offset);
  };
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/** The first character that no text file has, or -1. */
function controlCharacter(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code < 32 && code !== 9 && code !== 10 && code !== 13) || code === 127 || code === 0xfffd) return at;
  }
  return -1;
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${before[before.length - 1].length + 1}`;
}

function fail(where: string, expected: string, found: string): never {
  throw new ScenarioError('E_SCENARIO_YAML', [{ path: [], expected, found }], () => where, where);
}
