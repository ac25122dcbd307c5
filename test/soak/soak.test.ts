import { expect, inject, test } from 'vitest';
import { workerProgram } from '../support/worker-program.ts';
import { influxdbV2World } from './influxdb-v2.ts';
import { soak } from './soak.ts';

test('nothing that must hold is violated by a few random operations under random faults', async () => {
  const program = await workerProgram();
  const world = await influxdbV2World({ address: inject('temporalAddress'), program });
  try {
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    expect(await soak(world, { seed: 3, episodes: 2, say })).toEqual([]);
    expect(said.filter((line) => line.includes('COMPLETED')).length).toBeGreaterThan(2);
  } finally {
    await world.stop();
    await program.remove();
  }
});
