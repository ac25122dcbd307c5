import type { Command } from 'commander';
import { jsonSchema } from '../../activities/config/config.ts';
import { verb } from '../verb.ts';

export function schemaVerb(program: Command): void {
  verb(
    program.command('schema').description('print the JSON Schema of holdfast.yaml, for editors'),
    {
      examples: ['schema > holdfast.schema.json'],
      notes:
        'Editors that know the YAML language server use it with this first line in holdfast.yaml:\n' +
        '  # yaml-language-server: $schema=./holdfast.schema.json',
    },
    async ({ output }) => {
      const schema = jsonSchema();
      output.result(schema, [JSON.stringify(schema, null, 2)]);
    },
  );
}
