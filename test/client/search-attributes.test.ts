import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { startInfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { freshNamespace } from '../support/namespace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { run, start } from './command.ts';

/** As Temporal's protocol numbers it; its enum is not exported. */
const KEYWORD: Record<string, 2> = { HoldfastBytes: 2 };

it('a search attribute of another type keeps no run from its end, and the doctor names both types', async () => {
  const address = inject('temporalAddress');
  const namespace = await freshNamespace(address, { searchAttributes: false });
  const connection = await openConnection({ address });
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: KEYWORD,
  });
  await connection.close();
  await using folder = await temporaryFolder('attributes');
  const source = await startInfluxSimulator({});
  const config = join(folder.path, 'holdfast.yaml');
  const connectionOf = `{ url: "${source.url}", token: { env: T } }`;
  await writeFile(
    config,
    'stores: { disk: { type: directory, path: . } }\n' +
      `targets: { metrics: { product: influxdb-v2, connection: ${connectionOf}, store: disk } }\n`,
  );
  const env = {
    HOLDFAST_CONFIG: config,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    T: source.token,
  };
  const worker = start(['worker'], { env });
  await expect.poll(() => worker.stderr()).toMatch(/worker on task queue holdfast/);
  const backup = await run(['backup', 'metrics', '--json'], { env });
  expect(backup.code, backup.stdout).toBe(0);
  const { warnings } = backup.result as { warnings: { code: string }[] };
  expect(warnings.map(({ code }) => code)).toContain('SEARCH_ATTRIBUTES_MISSING');

  const doctor = await run(['doctor', '--json'], { env });
  expect(doctor.result['checks']).toContainEqual(
    expect.objectContaining({
      subject: 'search attributes',
      level: 'problem',
      message: expect.stringContaining(
        'HoldfastBytes is of type Keyword and should be of type Int',
      ) as string,
      hint: expect.stringContaining('search-attribute remove') as string,
    }),
  );
  expect(worker.stderr()).toContain('HoldfastBytes is of type Keyword and should be of type Int');
  worker.kill('SIGTERM');
  await worker.ended;
  await source.stop();
});
