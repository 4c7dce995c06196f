/** Which policy the views show. */

import { choose } from '../address.ts';
import { current, policy } from '../state.ts';

export function PolicyChoice() {
  const names = current.value?.opened.drains.policies ?? [];
  return (
    <label class="policy-choice">
      Policy{' '}
      <select value={policy.value} onChange={({ currentTarget }) => choose({ policy: currentTarget.value })}>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
