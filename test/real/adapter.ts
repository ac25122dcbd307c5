import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';
import { notebookInMemory } from '../../activities/catalog/notebook.ts';
import { UNWATCHED_JOB } from '../../activities/jobs/patience.ts';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { openArtifact } from '../../activities/pipeline/open-artifact.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { influxdbV2 } from '../../activities/products/influxdb-v2/index.ts';
import type {
  ArtifactPlan,
  BackupReader,
  BackupSource,
  PlannedRestore,
  ProductContext,
  ProductSession,
  Proof,
  RestoreStep,
} from '../../activities/products/product.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TOKEN } from './influxd.ts';

export const BACKUP_ID = '2026-11-20t02-00-00z-7f3a1c';
const FOLDER = `metrics/${BACKUP_ID}/`;

/** Connects as a worker does, with a token from the environment. */
export function connect(
  url: string,
  options: { token?: string; connection?: object; context?: Partial<ProductContext> } = {},
): ProductSession {
  const env = secret(options.token ?? TOKEN);
  return influxdbV2.connect({
    target: 'metrics',
    connection: influxdbV2.connection.parse({ url, token: { env }, ...options.connection }),
    concurrency: 4,
    stallMs: 20_000,
    signal: new AbortController().signal,
    ...options.context,
  });
}

let secrets = 0;

/** Puts a secret where a configuration may refer to it. */
export function secret(value: string): string {
  secrets += 1;
  const name = `HOLDFAST_TEST_SECRET_${secrets}`;
  process.env[name] = value;
  return name;
}

export interface Taken extends AsyncDisposable {
  /** The folder that holds what the official tool would have written. */
  directory: string;
  spool: string;
  artifacts: ArtifactPlan[];
  lines: ObjectLine[];
  conclusion: Awaited<ReturnType<BackupSource['conclude']>>;
  reader: BackupReader;
}

/** Takes a backup into a directory, step by step as the activities do, without Temporal around it. */
export async function takeBackup(
  source: BackupSource,
  between: (artifacts: ArtifactPlan[]) => Promise<void> = async () => {},
): Promise<Taken> {
  const folder = await temporaryFolder('adapter');
  const spool = join(folder.path, 'spool');
  await mkdir(spool, { mode: 0o700 });
  await mkdir(join(folder.path, 'store'));
  const resources = createStoreResources();
  const store = openStore(
    { name: 'disk', type: 'directory', path: join(folder.path, 'store') },
    resources,
  );
  const { signal } = new AbortController();
  const startedAt = new Date('2026-11-20T02:00:00Z');
  const lines: ObjectLine[] = [];
  const storing = { store, folder: FOLDER, signal };
  const capture = await source.capture({
    spool,
    startedAt,
    notes: notebookInMemory(),
    job: UNWATCHED_JOB,
    store: async (artifact, open) => {
      const made = await storeArtifact({ ...storing, artifact, open, fresh: true });
      lines.push(...made);
      return made;
    },
  });
  // What a capture returns lies in the store as JSON before anybody uses it.
  const detail = JSON.parse(JSON.stringify(capture.detail)) as Record<string, unknown>;
  await between(capture.artifacts);
  const gone: string[] = [];
  for (const artifact of capture.artifacts) {
    const made = await storeArtifact({
      ...storing,
      artifact,
      open: () => patiently(() => source.open(artifact)),
    });
    if (made.length === 0) gone.push(artifact.subject);
    lines.push(...made);
  }
  const conclusion = await source.conclude({ startedAt, detail, objects: each(lines), gone });
  for (const { path, role, subject, bytes } of conclusion.files) {
    const artifact: ArtifactPlan = { path, role, subject, format: 'bytes', key: {} };
    const open = () => Promise.resolve({ body: each([bytes]), codec: 'identity' as const });
    lines.push(...(await storeArtifact({ ...storing, artifact, open })));
  }
  return {
    directory: join(folder.path, 'store', FOLDER, 'data'),
    spool,
    artifacts: capture.artifacts,
    lines,
    conclusion,
    reader: {
      manifest: {
        id: BACKUP_ID,
        target: 'metrics',
        product: { name: 'influxdb-v2', version: '2.9.1', identity: '' },
        detail: conclusion.detail,
      } as Manifest,
      objects: () => each(lines),
      open: (wanted, options) => openArtifact({ ...storing, lines: wanted, ...options }),
    },
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await resources.close();
      await folder.remove();
    },
  };
}

/** Restores as the workflow does: plan, prepare, apply and prove each step, finish. */
export async function restore(
  session: ProductSession,
  taken: Taken,
  request: Omit<RestoreRequest, 'target'>,
  run = 'run1',
): Promise<{
  plan: PlannedRestore;
  proofs: Proof[];
  restored: string[];
  warnings: { code: string }[];
}> {
  const plan = await planRestore(session, taken, request, run);
  const state = stored(await session.restore.prepare({ ...plan, steps: [] }, taken.reader));
  const proofs: Proof[] = [];
  for (const step of plan.steps) proofs.push(await restoreStep(session, taken, step, state));
  const finished = await session.restore.finish({ ...plan, steps: [] }, state);
  return { plan, proofs, ...finished };
}

export async function planRestore(
  session: ProductSession,
  taken: Taken,
  request: Omit<RestoreRequest, 'target'>,
  run = 'run1',
): Promise<PlannedRestore> {
  return stored(
    await session.restore.plan({
      backup: taken.reader,
      restore: { target: 'metrics', ...request },
      destination: 'metrics',
      run,
    }),
  );
}

export async function restoreStep(
  session: ProductSession,
  taken: Taken,
  step: RestoreStep,
  state: Record<string, unknown>,
): Promise<Proof> {
  const original = () => taken.reader.open(step.lines, { decompress: true });
  await session.restore.apply(step, state, original);
  return session.restore.prove(step, state, original, taken.spool);
}

/** Plans and states lie in the store as JSON between the calls. */
export function stored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

export async function* each<T>(items: T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}

/** A busy server answers 500 now and then; in a run, Temporal tries again. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      const passing = error instanceof HoldfastError && error.code === 'TARGET_ERROR';
      if (!passing || tries === 5) throw error;
      await sleep(500);
    }
  }
}
