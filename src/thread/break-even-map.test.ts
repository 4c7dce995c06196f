import { expect, it } from 'vitest';
import { builtInPolicies, everyone } from '../engine/policy/built-in.ts';
import { breakEven, breakEvenCsv, isPriced } from '../engine/report/break-even.ts';
import { builtInScenario } from '../scenario/by-name.ts';
import { EngineHost } from './engine-host.ts';
import type { BreakEvenMap, FromEngine } from './messages.ts';

async function asked(cpus: readonly number[]): Promise<BreakEvenMap> {
  const messages: FromEngine[] = [];
  const host = new EngineHost(
    (message) => messages.push(structuredClone(message)),
    () => 0,
  );
  await host.receive({ id: 1, call: 'breakEven', ask: { yaml: '', file: '', sets: [], cpus } });
  const [message] = messages;
  if (!('answer' in message)) throw new Error(JSON.stringify(message));
  return message.answer as BreakEvenMap;
}

/** Rows of the map as `drainlab simulate --break-even --csv` prints them, without the two columns that say what pays. */
function rowsOf({ kernel, cpus, first, holders, series }: BreakEvenMap): string[] {
  return cpus.flatMap((number, i) =>
    series.flatMap(({ policy, mask, callerNs, disturbedNs, totalNs, interrupts }) =>
      Array.from({ length: first[i + 1] - first[i] }, (_, at) => {
        const point = first[i] + at;
        const share = Math.round((1e6 * holders[point]) / number) / 1e4;
        const times = [callerNs, disturbedNs, totalNs].map((ns) => Math.round(ns[point]));
        return [kernel, number, holders[point], share, policy, mask, interrupts[point], ...times].join(',');
      }),
    ),
  );
}

it('a map has the prices that the command line prints, row by row', async () => {
  const cpus = [2, 8, 130];
  const scenario = builtInScenario('reclaim-storm');
  const others = builtInPolicies.filter((policy) => policy !== everyone && isPriced(policy));
  const [, ...lines] = breakEvenCsv(breakEven(scenario, cpus, others, everyone))
    .trimEnd()
    .split('\n');
  const map = await asked(cpus);
  expect(rowsOf(map)).toEqual(lines.map((line) => line.replace(/,[01],[01]$/, '')));
  expect(map.baseline).toBe('everyone');
  expect(map.series.map(({ policy, mask }) => `${policy} ${mask}`)).toEqual([
    'everyone cpu',
    'selective cpu',
    'selective page',
    'two-pass cpu',
    'two-pass page',
    'static-mask cpu',
    'worker cpu',
    'remote cpu',
  ]);
});
