import { expect, test } from 'vitest';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { weaviateStage } from './weaviate-stage.ts';

test('a share of the processor reaches the server, with a backup and with a restore', async () => {
  await using stage = await weaviateStage();
  await seedWeaviate(stage.simulator, { objects: 5 });
  const asked = () =>
    stage.simulator.requests.flatMap(({ path, body }) =>
      body === undefined ? [] : [{ restore: path.includes('/restore'), body }],
    );
  const session = stage.open({ connection: { cpuPercentage: 35 } });
  const { backup } = await stage.take(session);
  await stage.ask('DELETE', '/schema/Article');
  const only = { select: { classes: ['Article'] } };
  await stage.restore(await stage.plan(backup, only, session), backup, session);
  const body = { config: { CPUPercentage: 35 } };
  expect(asked()).toMatchObject([
    { restore: false, body },
    { restore: true, body },
  ]);
});
