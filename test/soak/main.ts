/**
 *   npm run soak -- --seed 7 --episodes 20
 *   npm run soak -- --only influxdb-v2
 *
 * Random operations under random faults; prints what it draws, and every violation of what must always hold.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTemporal } from '../support/temporal.ts';
import { workerProgram } from '../support/worker-program.ts';
import { soak } from './soak.ts';
import { WORLDS } from './worlds.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    episodes: { type: 'string', default: '20' },
    only: { type: 'string' },
  },
});
// Workers and Temporal end with this process, by whatever it is ended.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));
// A bare container could not tell itself apart, and would be refused by its own directories.
process.env['HOLDFAST_HOST_ID'] ??= 'soak';
const { only } = values;
const chosen = Object.entries(WORLDS).filter(([name]) => only === undefined || name === only);
if (chosen.length === 0)
  throw new Error(`There is no ${only}; there are ${Object.keys(WORLDS).join(', ')}.`);

const folder = await temporaryFolder('soak');
const database = join(folder.path, 'temporal.db');
let server = await startTemporal({ database });
const { address } = server;
const port = Number(address.split(':')[1]);
let back = Promise.resolve();
/** One after the other. */
const outage = (forMs: number) => {
  back = back.then(async () => {
    await server.server.kill();
    await sleep(forMs);
    server = await startTemporal({ database, port });
  });
  return back;
};
const program = await workerProgram();
const violations: string[] = [];
for (const [name, make] of chosen) {
  const say = (line: string) => console.log(`${name}: ${line}`);
  const world = { ...(await make({ address, program })), outage };
  const options = { seed: Number(values.seed), episodes: Number(values.episodes), say };
  violations.push(...(await soak(world, options)));
  await world.stop();
}
await program.remove();
await server.stop();
await folder.remove();
console.log(violations.length === 0 ? 'Nothing is violated.' : violations.join('\n\n'));
process.exitCode = violations.length === 0 ? 0 : 1;
