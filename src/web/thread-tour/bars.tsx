/** Bars with their figures beside them; a group has one scale. Parts of a bar differ in pattern, not in colour alone. */

import type { Bar, BarGroup, BarPart } from './claim.ts';

export function Bars({ groups }: { groups: readonly BarGroup[] }) {
  return (
    <div class="tour-bars">
      <BarPatterns />
      {groups.map((group) => (
        <Group key={group.title} group={group} />
      ))}
    </div>
  );
}

function sumOf({ parts }: Bar): number {
  return parts.reduce((sum, { value }) => sum + Math.max(0, value), 0);
}

function Group({ group: { title, bars } }: { group: BarGroup }) {
  const most = Math.max(...bars.map(sumOf), Number.MIN_VALUE);
  const kinds = new Map(bars.flatMap(({ parts }) => parts).map(({ kind, what }) => [kind, what]));
  return (
    <table aria-label={title}>
      <caption>{title}</caption>
      <thead class="hidden">
        <tr>
          <th scope="col">What</th>
          <th scope="col">Figure</th>
        </tr>
      </thead>
      <tbody>
        {bars.map((bar) => (
          <tr key={bar.label}>
            <th scope="row">{bar.label}</th>
            <td>
              {sumOf(bar) > 0 && (
                <svg viewBox="0 0 400 16" preserveAspectRatio="none" aria-hidden="true" class="bar">
                  {placed(bar, most).map(({ part, from, width }) => (
                    <g key={part.kind}>
                      <rect x={from} width={width} height={16} class={`fill ${part.kind}`} />
                      {part.kind === 'useless' && (
                        <rect x={from} width={width} height={16} fill="url(#tour-stripes)" />
                      )}
                    </g>
                  ))}
                </svg>
              )}
              <span class="figure">{bar.text}</span>
            </td>
          </tr>
        ))}
      </tbody>
      <Legend kinds={kinds} />
    </table>
  );
}

/** What is there is seen, however little it is. */
function placed(bar: Bar, most: number): Array<{ part: BarPart; from: number; width: number }> {
  let from = 0;
  return bar.parts.flatMap((part) => {
    if (part.value <= 0) return [];
    const width = Math.max(2, (400 * part.value) / most);
    const at = from;
    from += width;
    return [{ part, from: at, width }];
  });
}

function Legend({ kinds }: { kinds: ReadonlyMap<BarPart['kind'], string> }) {
  const named = [...kinds].filter(([, what]) => what !== '');
  if (named.length === 0) return null;
  return (
    <tfoot>
      <tr>
        <td colSpan={2} class="legend">
          {named.map(([kind, what]) => (
            <span key={kind}>
              <svg viewBox="0 0 14 14" aria-hidden="true" class="key">
                <rect width={14} height={14} class={`fill ${kind}`} />
                {kind === 'useless' && <rect width={14} height={14} fill="url(#tour-stripes)" />}
              </svg>{' '}
              {what}
            </span>
          ))}
        </td>
      </tr>
    </tfoot>
  );
}

function BarPatterns() {
  return (
    <svg width={0} height={0} aria-hidden="true" class="patterns">
      <defs>
        <pattern id="tour-stripes" width={6} height={6} patternUnits="userSpaceOnUse">
          <path d="M-1 7 L7 -1 M-1 1 L1 -1 M5 7 L7 5" class="stripe" />
        </pattern>
      </defs>
    </svg>
  );
}
