import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { filesBelow } from '../support/files-below.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { HASTE } from './world.ts';

/**
 * One service of the vendor with the targets `metrics`, `twin`, `impatient`, which gives its task a second, and those of
 * the caller; and all that backs it up.
 */
export interface AivenWorld {
  aiven: AivenSimulator;
  holdfast: Holdfast;
  /** Of the directory store. */
  store: string;
  /** The names of a backup's files in `data/`. */
  data(backup: string): Promise<string[]>;
  /** Every file of the target in the store. */
  files(target?: string): Promise<string[]>;
  /** How often the vendor was asked for a backup. */
  requested(): number;
  stop(): Promise<void>;
}

export const TOKEN = 'TEST_AIVEN_TOKEN';

export async function startAivenWorld(others: Record<string, object> = {}): Promise<AivenWorld> {
  const store = await temporaryFolder('aiven-store');
  const aiven = await startAivenSimulator();
  process.env[TOKEN] = aiven.account.token;
  const target = {
    product: 'aiven-influxdb',
    connection: {
      project: aiven.account.project,
      service: aiven.account.service,
      token: { env: TOKEN },
      apiUrl: aiven.url,
    },
    store: 'disk',
    timeouts: { ...HASTE, attempts: 3 },
  };
  const holdfast = await startHoldfast({
    address: inject('temporalAddress'),
    config: {
      stores: { disk: { type: 'directory', path: store.path } },
      targets: {
        metrics: target,
        twin: target,
        ...Object.fromEntries(
          Object.entries(others).map(([name, own]) => [name, { ...target, ...own }]),
        ),
        impatient: { ...target, timeouts: { ...target.timeouts, job: '1s' } },
      },
    },
  });
  return {
    aiven,
    holdfast,
    store: store.path,
    data: async (backup) => (await readdir(join(store.path, 'metrics', backup, 'data'))).toSorted(),
    files: (name = 'metrics') => filesBelow(join(store.path, name)),
    requested: () => aiven.requests.filter(({ method }) => method === 'POST').length,
    stop: async () => {
      await holdfast.stop();
      await aiven.stop();
      await store.remove();
    },
  };
}
