import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { notebookInMemory } from '../../activities/catalog/notebook.ts';
import { UNWATCHED_JOB } from '../../activities/jobs/patience.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { aivenInfluxdb } from '../../activities/products/aiven-influxdb/index.ts';
import type {
  BackupSource,
  CapturedJob,
  Capture,
  Notebook,
  ProductSession,
} from '../../activities/products/product.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { AivenSimulator } from '../simulators/aiven-influxdb/index.ts';

/** As the configuration gives it to both, the product and the pipeline. */
const STALL_MS = 1500;
const TOKEN = 'HOLDFAST_TEST_AIVEN_TOKEN';

/** Connects as a worker does, to the service of the simulator. */
export function connectTo(
  aiven: AivenSimulator,
  connection: object = {},
  signal = new AbortController().signal,
  stallMs = STALL_MS,
): ProductSession {
  process.env[TOKEN] = aiven.account.token;
  return aivenInfluxdb.connect({
    target: 'metrics',
    connection: aivenInfluxdb.connection.parse({
      project: 'acme-prod',
      service: 'metrics',
      token: { env: TOKEN },
      apiUrl: aiven.url,
      ...connection,
    }),
    concurrency: 4,
    stallMs,
    signal,
  });
}

export interface Taken {
  capture: Capture;
  lines: ObjectLine[];
  /** How often each artifact was stored. */
  stored: string[];
}

/** Captures into a directory, as the activity does. */
export async function takeBackup(
  of: ProductSession,
  path: string,
  notes: Notebook = notebookInMemory(),
  job: CapturedJob = UNWATCHED_JOB,
  before?: Parameters<BackupSource['capture']>[0]['before'],
): Promise<Taken> {
  const resources = createStoreResources();
  const store = openStore({ name: 'disk', type: 'directory', path }, resources);
  const lines: ObjectLine[] = [];
  const stored: string[] = [];
  try {
    const capture = await of.backup.capture({
      spool: path,
      startedAt: new Date('2026-11-20T02:00:00Z'),
      notes,
      job,
      before,
      store: async (artifact, open, options) => {
        const made = await storeArtifact({
          store,
          folder: 'metrics/one/',
          artifact,
          open,
          adopt: options?.keepSame ? 'same' : false,
          known: options?.known,
          signal: new AbortController().signal,
          stallMs: STALL_MS,
        });
        stored.push(artifact.path);
        lines.push(...made);
        return made;
      },
    });
    return { capture, lines, stored };
  } finally {
    await store.close();
    await resources.close();
  }
}
