/** Public door of `drainlab/scenario`: scenarios from YAML, from TypeScript, by name. Runs in Node and in a browser. */

export type { Scenario } from '../engine/input/scenario.ts';
export { builtInNames, builtInScenario, builtInText } from './by-name.ts';
export { defineScenario } from './define-scenario.ts';
export { estimatedBytes } from './estimate-memory.ts';
export type { Problem } from './problems.ts';
export { ScenarioError } from './problems.ts';
export type { ReadOptions } from './read-yaml.ts';
export { readYaml } from './read-yaml.ts';
export type { ScenarioFile } from './schema.ts';
export { scenarioJsonSchema } from './schema.ts';
export type { SetValue } from './set-values.ts';
export { parseSet } from './set-values.ts';
