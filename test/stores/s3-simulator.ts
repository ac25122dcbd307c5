import {
  createStoreResources,
  type StoreResourceOptions,
} from '../../activities/stores/resources.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import type { StoreSettings } from '../../workflows/contract/snapshot.ts';
import { startS3Simulator } from '../simulators/s3/server.ts';

type S3Settings = Extract<StoreSettings, { type: 's3' }>;

process.env.HOLDFAST_TEST_S3_KEY = 'a-key';
process.env.HOLDFAST_TEST_S3_SECRET = 'a-secret-of-the-tests';

export const PART = 64 * 1024;

/** For tests of what stalls. Others need more: on a loaded machine nothing may move for as long. */
export const IMPATIENT = { stallMs: 500, commitMs: 500 };

/** The scripted S3 and a way to open stores on it, with small parts and short pauses. */
export async function simulatedS3(options: StoreResourceOptions = {}) {
  const simulator = await startS3Simulator();
  const resources = createStoreResources({
    retry: { tries: 4, pauseMs: 5 },
    ...options,
  });
  const settings: S3Settings = {
    name: 'main',
    type: 's3',
    bucket: simulator.bucketName,
    prefix: 'holdfast',
    endpoint: simulator.url,
    region: 'eu-central-1',
    credentials: {
      accessKeyId: { env: 'HOLDFAST_TEST_S3_KEY' },
      secretAccessKey: { env: 'HOLDFAST_TEST_S3_SECRET' },
    },
    partSize: PART,
  };
  return {
    simulator,
    resources,
    settings,
    open: (changes: Partial<S3Settings> = {}) => openStore({ ...settings, ...changes }, resources),
    async close() {
      await resources.close();
      await simulator.close();
    },
  };
}
