/**
 * The C expressions behind `print fmt:` of an event format, as a tree. The kernel writes there what its TP_printk macros
 * expand to (include/trace/stages/): fields as `REC->name`, casts, operators, the helpers `__print_flags`, `__get_str` and
 * so on. What is not understood throws `NotUnderstood`; the caller then lists the fields instead.
 */

export type Expression =
  | { readonly sort: 'number'; readonly value: bigint }
  | { readonly sort: 'text'; readonly value: string }
  | { readonly sort: 'field'; readonly name: string }
  /** An identifier whose value the recording does not have, as `vmemmap_base`. */
  | { readonly sort: 'unknown' }
  | { readonly sort: 'element'; readonly of: Expression; readonly index: Expression }
  | { readonly sort: 'unary'; readonly operator: string; readonly of: Expression }
  | {
      readonly sort: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly sort: 'choice'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly sort: 'cast'; readonly bits: number; readonly signed: boolean; readonly of: Expression }
  | { readonly sort: 'call'; readonly name: string; readonly args: readonly Expression[] }
  /** `{ value, "name" }` in the tables of __print_flags and __print_symbolic. */
  | { readonly sort: 'list'; readonly items: readonly Expression[] };

/** The print line has something that is not understood. */
export class NotUnderstood extends Error {}

/** Print lines of the kernel have some 10,000 tokens at most and nest some 20 deep. */
const tokensMax = 50_000;
const depthMax = 120;
/** Operators in one row (`a | b | c …`), which nest to the left. */
const chainMax = 500;

type Token = { readonly sort: 'number' | 'text' | 'word' | 'sign'; readonly text: string };

const tokenPattern =
  /\s*(?:"((?:[^"\\]|\\.)*)"|(0[xX][0-9a-fA-F]+|\d+)[uUlL]*|'((?:[^'\\]|\\.))'|([A-Za-z_]\w*)|(->|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^~!<>?:,.(){}[\]=;]))/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(tokenPattern);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const match = pattern.exec(text);
    if (match === null || tokens.length >= tokensMax) throw new NotUnderstood();
    const [, string, number, char, word, sign] = match;
    if (string !== undefined) tokens.push({ sort: 'text', text: withoutEscapes(string) });
    else if (number !== undefined) tokens.push({ sort: 'number', text: octal(number) });
    else if (char !== undefined)
      tokens.push({ sort: 'number', text: String(withoutEscapes(char).charCodeAt(0)) });
    else if (word !== undefined) tokens.push({ sort: 'word', text: word });
    else tokens.push({ sort: 'sign', text: sign });
  }
  return tokens;
}

/** C writes octal numbers with a leading 0. */
function octal(digits: string): string {
  return /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

function withoutEscapes(text: string): string {
  return text.replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}

const precedences: ReadonlyArray<readonly string[]> = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const precedenceOf: ReadonlyMap<string, number> = new Map(
  precedences.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);

/** What may stand in a cast. */
const typeWord =
  /^(?:const|volatile|unsigned|signed|long|short|int|char|void|bool|_Bool|size_t|struct|union|enum|\w+_t|_{0,2}[us](?:8|16|32|64)|_{0,2}[bl]e(?:16|32|64))$/;

/** Parses `"format", argument, argument, …`. */
export function parsePrintLine(line: string, longBytes: number): Expression[] {
  return new Parser(tokensOf(line), longBytes).all();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #longBytes: number;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], longBytes: number) {
    this.#tokens = tokens;
    this.#longBytes = longBytes;
  }

  all(): Expression[] {
    const list = [this.#choice()];
    while (this.#takes(',')) list.push(this.#choice());
    if (this.#at < this.#tokens.length) throw new NotUnderstood();
    return list;
  }

  /** Is the next token this sign? Then it is taken. */
  #takes(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.sort !== 'sign' || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #needs(sign: string): void {
    if (!this.#takes(sign)) throw new NotUnderstood();
  }

  #choice(): Expression {
    if (++this.#depth > depthMax) throw new NotUnderstood();
    const test = this.#binary(0);
    let whole = test;
    if (this.#takes('?')) {
      const yes = this.#choice();
      this.#needs(':');
      whole = { sort: 'choice', test, yes, no: this.#choice() };
    }
    this.#depth--;
    return whole;
  }

  #binary(level: number): Expression {
    let left = this.#unary();
    for (let links = 0; ; links++) {
      if (links > chainMax) throw new NotUnderstood();
      const token = this.#tokens[this.#at];
      const found = token?.sort === 'sign' ? precedenceOf.get(token.text) : undefined;
      if (found === undefined || found < level) return left;
      this.#at++;
      left = { sort: 'binary', operator: token.text, left, right: this.#binary(found + 1) };
    }
  }

  #unary(): Expression {
    if (++this.#depth > depthMax) throw new NotUnderstood();
    try {
      for (const operator of ['-', '!', '~', '+']) {
        if (this.#takes(operator)) return { sort: 'unary', operator, of: this.#unary() };
      }
      // Addresses and what they point at are not in a recording.
      if (this.#takes('&') || this.#takes('*')) {
        this.#unary();
        return { sort: 'unknown' };
      }
      const cast = this.#cast();
      if (cast !== undefined) return { sort: 'cast', ...cast, of: this.#unary() };
      return this.#postfix(this.#primary());
    } finally {
      this.#depth--;
    }
  }

  /** `(unsigned long)`, `(struct page *)`; takes it. */
  #cast(): { bits: number; signed: boolean } | undefined {
    const from = this.#at;
    if (!this.#takes('(')) return undefined;
    const words: string[] = [];
    let isPointer = false;
    for (; ; this.#at++) {
      const token = this.#tokens[this.#at];
      const isTag = /^(?:struct|union|enum)$/.test(words[words.length - 1] ?? '');
      if (token?.sort === 'word' && (typeWord.test(token.text) || isTag)) words.push(token.text);
      else if (token?.sort === 'sign' && token.text === '*' && words.length > 0) isPointer = true;
      else break;
    }
    if (words.length === 0 || !this.#takes(')')) {
      this.#at = from;
      return undefined;
    }
    return isPointer ? { bits: 64, signed: false } : widthOf(words, this.#longBytes);
  }

  #postfix(of: Expression): Expression {
    let whole = of;
    for (let links = 0; ; links++) {
      if (links > depthMax) throw new NotUnderstood();
      if (this.#takes('[')) {
        whole = { sort: 'element', of: whole, index: this.#choice() };
        this.#needs(']');
      } else if (this.#takes('->') || this.#takes('.')) {
        this.#at++;
        whole = { sort: 'unknown' };
      } else {
        return whole;
      }
    }
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new NotUnderstood();
    if (token.sort === 'number') return { sort: 'number', value: BigInt.asIntN(64, BigInt(token.text)) };
    if (token.sort === 'text') return this.#text(token.text);
    if (token.sort === 'word') return this.#word(token.text);
    if (token.text === '{') return this.#list();
    if (token.text !== '(') throw new NotUnderstood();
    const inside = this.#choice();
    this.#needs(')');
    return inside;
  }

  /** Texts that follow each other are one. */
  #text(first: string): Expression {
    let value = first;
    while (this.#tokens[this.#at]?.sort === 'text') value += this.#tokens[this.#at++].text;
    return { sort: 'text', value };
  }

  #list(): Expression {
    const items = [this.#choice()];
    while (this.#takes(',')) items.push(this.#choice());
    this.#needs('}');
    return { sort: 'list', items };
  }

  #word(word: string): Expression {
    if (word === 'REC' && this.#takes('->')) {
      const token = this.#tokens[this.#at++];
      if (token?.sort !== 'word') throw new NotUnderstood();
      return { sort: 'field', name: token.text };
    }
    if (!this.#takes('(')) return { sort: 'unknown' };
    if (word === 'sizeof') return this.#sizeOf();
    const args: Expression[] = [];
    if (this.#takes(')')) return { sort: 'call', name: word, args };
    do {
      // The arguments of __get_str and its like are names of fields.
      const token = this.#tokens[this.#at];
      if (word.startsWith('__get_') && token?.sort === 'word') {
        this.#at++;
        args.push({ sort: 'field', name: token.text });
      } else {
        args.push(this.#choice());
      }
    } while (this.#takes(','));
    this.#needs(')');
    return { sort: 'call', name: word, args };
  }

  #sizeOf(): Expression {
    const words: string[] = [];
    while (!this.#takes(')')) {
      const token = this.#tokens[this.#at++];
      if (token === undefined) throw new NotUnderstood();
      words.push(token.text);
    }
    if (words.length === 0 || !words.every((word) => typeWord.test(word))) return { sort: 'unknown' };
    return { sort: 'number', value: BigInt(widthOf(words, this.#longBytes).bits / 8) };
  }
}

/** Bits and sign of a C type; 64 for what is not known, so that nothing is cut off. */
function widthOf(words: readonly string[], longBytes: number): { bits: number; signed: boolean } {
  const all = words.join(' ');
  const sized = /\b_{0,2}([us])(8|16|32|64)\b/.exec(all) ?? /\b(u?)int(8|16|32|64)_t\b/.exec(all);
  const signed = sized === null ? !/\bunsigned\b|_t\b/.test(all) : sized[1] === 's' || sized[1] === '';
  if (sized !== null) return { bits: Number(sized[2]), signed };
  if (/\bchar\b/.test(all)) return { bits: 8, signed };
  if (/\bshort\b/.test(all)) return { bits: 16, signed };
  if (/\blong long\b/.test(all)) return { bits: 64, signed };
  if (/\blong\b/.test(all)) return { bits: longBytes * 8, signed };
  if (/\b(?:int|unsigned|signed)\b/.test(all)) return { bits: 32, signed };
  return { bits: 64, signed: false };
}
