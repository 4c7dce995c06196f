/** The answer: the sentence, the policies, who held pages, who asked, what was checked. */

import { percent } from '../../engine/report/numbers.ts';
import { current } from '../state.ts';

export function VerdictView() {
  const recording = current.value;
  if (recording === null) return null;
  const { verdict } = recording;
  return (
    <article class="verdict">
      <h1>{verdict.answers[0]}</h1>
      {verdict.warnings.map((warning) => (
        <p class="warning" key={warning}>
          {warning}
        </p>
      ))}
      <table>
        <thead>
          <tr>
            <th scope="col">Policy</th>
            <th scope="col">Interrupts</th>
            <th scope="col">Saved</th>
          </tr>
        </thead>
        <tbody>
          {verdict.policies.map((policy) => (
            <tr key={policy.name}>
              <th scope="row">{policy.name}</th>
              <td>{policy.interrupts}</td>
              <td>{policy.savedPercent === null ? '' : percent(policy.savedPercent)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </article>
  );
}
