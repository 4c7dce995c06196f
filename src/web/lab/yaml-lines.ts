/**
 * The keys of a scenario's text by line, so that a form can change single lines and leave the rest, comments too, as it is. Only what
 * stands in block form, one key a line, is seen; whether the text is right is for the reader in the worker to say.
 */

export type LinePath = readonly (string | number)[];

export interface YamlLine {
  /** Keys and positions in lists from the top. */
  readonly path: LinePath;
  /** 0-based line; columns of the key and of its value. */
  readonly line: number;
  readonly keyAt: number;
  readonly valueAt: number;
  /** Without comment; '' where the value stands on the lines below. */
  readonly value: string;
}

interface Open {
  readonly indent: number;
  readonly path: LinePath;
  /** Position of the last entry, in a list. */
  item: number;
}

const keyPattern = /^([\w$-]+):(?:[ \t]+|$)/;

/** In the order of the text. */
export function yamlLines(text: string): YamlLine[] {
  const found: YamlLine[] = [];
  const open: Open[] = [{ indent: -1, path: [], item: -1 }];
  /** Lines that are indented more than this belong to a text of several lines. */
  let textIndent = Number.POSITIVE_INFINITY;
  for (const [line, whole] of text.split('\n').entries()) {
    const indent = whole.search(/\S/);
    if (indent < 0 || indent > textIndent) continue;
    textIndent = Number.POSITIVE_INFINITY;
    if (whole[indent] === '#') continue;
    let at = indent;
    let rest = whole.slice(at);
    const isEntry = /^-(?:[ \t]|$)/.test(rest);
    while (open.length > 1 && isOver(open[open.length - 1], at, isEntry)) open.pop();
    for (let dash = /^-(?:[ \t]+|$)/.exec(rest); dash !== null; dash = /^-(?:[ \t]+|$)/.exec(rest)) {
      const list = open[open.length - 1];
      list.item++;
      open.push({ indent: at, path: [...list.path, list.item], item: -1 });
      at += dash[0].length;
      rest = whole.slice(at);
    }
    const key = keyPattern.exec(rest);
    if (key === null) continue;
    const parent = open[open.length - 1];
    const path = [...parent.path, key[1]];
    const valueAt = at + key[0].length;
    const value = withoutComment(whole.slice(valueAt));
    found.push({ path, line, keyAt: at, valueAt, value });
    if (/^[|>]/.test(value)) textIndent = at;
    else if (value === '') open.push({ indent: at, path, item: -1 });
  }
  return found;
}

/** A line at this indent belongs no more to what is open. The entries of a list may stand as far left as its key. */
function isOver({ indent, path }: Open, at: number, isEntry: boolean): boolean {
  if (indent === at && isEntry) return typeof path.at(-1) === 'number';
  return indent >= at;
}

function withoutComment(text: string): string {
  if (/^["']/.test(text)) {
    const end = text.indexOf(text[0], 1);
    if (end > 0) return text.slice(0, end + 1);
  }
  return text.replace(/(?:^|[ \t]+)#.*$/, '').trimEnd();
}

export function lineOf(lines: readonly YamlLine[], path: LinePath): YamlLine | null {
  return lines.find((candidate) => isSame(candidate.path, path)) ?? null;
}

export function isSame(a: LinePath, b: LinePath): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

/** The value as text, without quotes; null: the key does not stand there on a line of its own. */
export function valueAt(text: string, path: LinePath): string | null {
  const value = lineOf(yamlLines(text), path)?.value ?? null;
  return value === null ? null : value.replace(/^(["'])(.*)\1$/, '$2');
}

/**
 * The text with another value of one key, comments kept. A key that is missing is put below its group, a group that is missing at
 * the end; '' takes the line away. Null: the group is written in a way that no single line can change.
 */
export function withValue(text: string, path: LinePath, value: string): string | null {
  const lines = yamlLines(text);
  const rows = text.split('\n');
  const there = lineOf(lines, path);
  if (there !== null) {
    const row = rows[there.line];
    if (there.value === '' || /^[|>{[&*]/.test(there.value)) return null;
    if (value === '') {
      // The key of an entry's first line carries the entry's dash.
      if (/\S/.test(row.slice(0, there.keyAt))) return null;
      rows.splice(there.line, 1);
    } else {
      rows[there.line] = row.slice(0, there.valueAt) + value + row.slice(there.valueAt + there.value.length);
    }
    return rows.join('\n');
  }
  if (value === '') return text;
  const key = String(path[path.length - 1]);
  const groupPath = path.slice(0, -1);
  if (groupPath.length === 0) return `${text.replace(/\n*$/, '\n')}${key}: ${value}\n`;
  const member = lines.find((candidate) => isSame(candidate.path.slice(0, -1), groupPath));
  if (member !== undefined) {
    rows.splice(member.line + 1, 0, `${' '.repeat(member.keyAt)}${key}: ${value}`);
    // What the first member holds stands between it and the next line.
    return member.value === '' || /^[|>]/.test(member.value) ? null : rows.join('\n');
  }
  if (typeof groupPath.at(-1) === 'number' || lineOf(lines, groupPath) !== null) return null;
  if (groupPath.length > 1) return null;
  return `${text.replace(/\n*$/, '\n')}${groupPath[0]}:\n  ${key}: ${value}\n`;
}
