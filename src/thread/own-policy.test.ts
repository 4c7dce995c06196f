import { describe, expect, it } from 'vitest';
import { cage } from './cage.ts';
import { withoutImports } from './own-policy.ts';

describe('the text of a policy of the user’s own', () => {
  const left = (javascript: string) => withoutImports({ name: 'mine.ts', javascript });

  it('may import definePolicy, and its lines stay where they are', () => {
    const javascript =
      "// mine\nimport {\n  definePolicy,\n} from 'drainlab';\nexport default definePolicy({});\n";
    const text = left(javascript);
    expect(text.length).toBe(javascript.length);
    expect(text.split('\n').map((line) => line.trim())).toEqual([
      '// mine',
      '',
      '',
      '',
      'export default definePolicy({});',
      '',
    ]);
  });

  it.each([
    ["const x = 1;\nimport('./x.js');", 'mine.ts:2:1'],
    ["import x from './x.js';", 'mine.ts:1:1'],
    ["import { a } from 'drainlab/scenario';", 'mine.ts:1:1'],
    ["import 'drainlab';", 'mine.ts:1:1'],
    ['f(/**/import/**/("x"))', 'mine.ts:1:7'],
    ['x = import.meta.url', 'mine.ts:1:5'],
  ])('may import nothing else: %s', (javascript, where) => {
    expect(() => left(javascript)).toThrow(
      expect.objectContaining({ code: 'E_POLICY_FILE', where }) as unknown as Error,
    );
  });
});

describe('the cage', () => {
  it('takes the ways out from the object and from what it inherits from, for good', () => {
    class Scope {
      fetch() {
        return 'out';
      }
    }
    const scope = Object.assign(new Scope(), { caches: {}, stays: 1 });
    cage(scope);
    expect([Reflect.get(scope, 'fetch'), Reflect.get(scope, 'caches')]).toEqual([undefined, undefined]);
    expect(Object.hasOwn(Scope.prototype, 'fetch')).toBe(false);
    expect(Reflect.set(scope, 'fetch', () => 'again')).toBe(false);
    expect(Reflect.deleteProperty(scope, 'fetch')).toBe(false);
    expect(scope.stays).toBe(1);
  });
});
