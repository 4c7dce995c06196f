/** Scenarios: chosen, edited, run here; what a share, the number of CPUs or the price of a mask changes; a policy of one's own. */

import { useEffect } from 'preact/hooks';
import { CodeArea } from '../lab/code-area.tsx';
import { completionAt } from '../lab/completion.ts';
import { MistakeList } from '../lab/mistake-list.tsx';
import { PolicyEditor } from '../lab/policy-editor.tsx';
import { RunPanel } from '../lab/run-panel.tsx';
import { ScenarioForm } from '../lab/scenario-form.tsx';
import {
  catalog,
  check,
  chooseScenario,
  editScenario,
  isEdited,
  scenarioName,
  scenarioText,
  startLab,
  textLengthMax,
} from '../lab/scenario-state.ts';
import { ShareSlider } from '../lab/share-slider.tsx';
import { WhatIf } from '../lab/what-if.tsx';
import '../styles/lab.css';

const editorLabel = 'Scenario as YAML';

export function LabView() {
  useEffect(startLab, []);
  const known = catalog.value;
  if (known === null) return <p class="loading">Loading the scenarios …</p>;
  const title = known.scenarios.find(({ name }) => name === scenarioName.value)?.title;
  const mistakes = check.value?.mistakes ?? [];
  return (
    <article class="lab">
      <h1>What if? A machine that you describe, run here under every policy</h1>
      <p class="dim">
        Everything on this page but the share over a recording is modelled: a simulated machine
        (docs/model.md), the same as <code>drainlab simulate</code>. It runs in this browser; nothing is sent
        anywhere.
      </p>
      <p class="lab-buttons">
        <label>
          Scenario:{' '}
          <select
            value={scenarioName.value}
            onChange={({ currentTarget }) => chooseScenario(currentTarget.value)}
          >
            {known.scenarios.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {isEdited.value && (
          <button type="button" onClick={() => chooseScenario(scenarioName.value)}>
            Back to the built-in text
          </button>
        )}
        <span>{title}</span>
      </p>
      <div class="lab-pair">
        <ScenarioForm />
        <div>
          <CodeArea
            label={editorLabel}
            text={scenarioText.value}
            rows={24}
            mistakes={mistakes}
            lengthMax={textLengthMax}
            onText={editScenario}
            completionAt={(text, cursor) => completionAt(text, cursor, known.schema, known.costs)}
          />
          <p class="dim">
            <kbd>Ctrl</kbd>+<kbd>Space</kbd> suggests what can stand there; <kbd>↑</kbd> <kbd>↓</kbd>{' '}
            <kbd>Enter</kbd> <kbd>Esc</kbd>.
          </p>
          <MistakeList mistakes={mistakes} label={editorLabel} />
        </div>
      </div>
      <RunPanel />
      <WhatIf />
      <ShareSlider />
      <PolicyEditor />
    </article>
  );
}
