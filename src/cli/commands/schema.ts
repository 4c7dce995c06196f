/** `drainlab schema`: the forms of input and output, for editors and other programs. */

import { Argument, type Command } from 'commander';

export function registerSchema(program: Command): void {
  program
    .command('schema')
    .description('print a JSON Schema: of scenario files')
    .addArgument(new Argument('<what>', 'which form').choices(['scenario']))
    .addHelpText(
      'after',
      `
Examples:
  drainlab schema scenario > scenario.schema.json
  First line of a scenario, for editors:
  # yaml-language-server: $schema=./scenario.schema.json`,
    )
    .action(async () => {
      const { scenarioSchemaText } = await import('../../scenario/schema-text.ts');
      process.stdout.write(scenarioSchemaText());
    });
}
