/** The main values of a scenario as a form. It changes single lines of the text, which stays the truth. */

import { useId } from 'preact/hooks';
import { type JsonSchema, schemaAt } from './json-schema.ts';
import { catalog, editScenario, scenarioText } from './scenario-state.ts';
import { type LinePath, valueAt, withValue, yamlLines } from './yaml-lines.ts';

const fields: ReadonlyArray<{ readonly path: LinePath; readonly label: string }> = [
  { path: ['machine', 'cpus'], label: 'CPUs' },
  { path: ['machine', 'isolated'], label: 'Isolated CPUs' },
  { path: ['machine', 'memory'], label: 'Memory' },
  { path: ['kernel', 'distribution'], label: 'Kernel of' },
  { path: ['kernel', 'version'], label: 'Kernel version' },
  { path: ['run', 'seconds'], label: 'Simulated seconds' },
  { path: ['run', 'seeds'], label: 'Seeds' },
];

/** More tasks than a form can show are changed in the text. */
const tasksMax = 12;

export function ScenarioForm() {
  const schema = catalog.value?.schema;
  const text = scenarioText.value;
  if (schema === undefined) return null;
  const tasks = yamlLines(text)
    .filter(({ path }) => path.length === 3 && path[0] === 'tasks' && path[2] === 'kind')
    .slice(0, tasksMax);
  return (
    <form class="scenario-form" aria-label="Scenario" onSubmit={(event) => event.preventDefault()}>
      {fields.map(({ path, label }) => (
        <Field key={label} path={path} label={label} schema={schema} text={text} />
      ))}
      {tasks.map(({ path, value }) => {
        const position = path[1];
        const name = valueAt(text, ['tasks', position, 'name']) ?? value;
        return (
          <Field
            key={`task ${position}`}
            path={['tasks', position, 'count']}
            label={`How many: ${name}`}
            schema={schema}
            text={text}
          />
        );
      })}
    </form>
  );
}

interface FieldProps {
  readonly path: LinePath;
  readonly label: string;
  readonly schema: JsonSchema;
  readonly text: string;
}

function Field({ path, label, schema, text }: FieldProps) {
  const id = useId();
  const at = schemaAt(schema, path);
  const value = valueAt(text, path);
  const change = (to: string) => {
    const next = withValue(text, path, to.trim());
    if (next !== null) editScenario(next);
  };
  const changeable = withValue(text, path, '1') !== null;
  const kind =
    at?.type === 'integer' || at?.type === 'number'
      ? ({
          type: 'number',
          step: at.type === 'integer' ? 1 : 'any',
          min: at.minimum ?? '',
          max: at.maximum ?? '',
        } as const)
      : ({ type: 'text' } as const);
  return (
    <div class="scenario-field">
      <label for={id}>{label}</label>
      {at?.enum !== undefined ? (
        <select
          id={id}
          value={value ?? ''}
          disabled={!changeable}
          aria-describedby={`${id}-help`}
          onChange={({ currentTarget }) => change(currentTarget.value)}
        >
          <option value="">–</option>
          {at.enum.map((one) => (
            <option key={String(one)}>{String(one)}</option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          {...kind}
          value={value ?? ''}
          placeholder={at?.default === undefined ? '' : String(at.default)}
          disabled={!changeable}
          aria-describedby={`${id}-help`}
          onChange={({ currentTarget }) => change(currentTarget.value)}
        />
      )}
      <small id={`${id}-help`}>
        {changeable ? at?.description : 'Written in a way that only the text can change.'}
      </small>
    </div>
  );
}
