import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { toJson } from '../../activities/catalog/json.ts';
import { MANIFEST } from '../../activities/catalog/layout.ts';
import {
  MANIFEST_FORMAT,
  type Manifest,
  type ObjectLine,
} from '../../activities/catalog/manifest.ts';
import { notebookInMemory } from '../../activities/catalog/notebook.ts';
import { UNWATCHED_JOB } from '../../activities/jobs/patience.ts';
import { readObjects, writeObjects } from '../../activities/catalog/objects.ts';
import { readManifest } from '../../activities/catalog/read-manifest.ts';
import { openArtifact } from '../../activities/pipeline/open-artifact.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import type {
  ArtifactPlan,
  BackupReader,
  Capture,
  Conclusion,
  ProductSession,
} from '../../activities/products/product.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export const TARGET = 'suite';
const STARTED = new Date('2026-11-20T02:00:00Z');

export interface Captured {
  capture: Capture;
  lines: ObjectLine[];
}

export interface Transferred {
  lines: ObjectLine[];
  gone: string[];
}

/** One backup in a directory of its own, step by step as the activities take it. */
export interface BackupRun extends AsyncDisposable {
  readonly id: string;
  /** Of the files as they lie in the store. */
  readonly data: string;
  /** A fresh folder, as every attempt has one. */
  spool(): Promise<string>;
  capture(session: ProductSession): Promise<Captured>;
  transfer(session: ProductSession, captured: Captured): Promise<Transferred>;
  transferOne(session: ProductSession, artifact: ArtifactPlan): Promise<ObjectLine[]>;
  conclude(session: ProductSession, captured: Captured, moved: Transferred): Promise<Conclusion>;
  commit(captured: Captured, moved: Transferred, conclusion: Conclusion): Promise<BackupReader>;
  /** All of it. */
  take(session: ProductSession): Promise<BackupReader>;
  /** Keys of what lies in the store. */
  objects(): Promise<string[]>;
}

let runs = 0;

export async function backupRun(product: string, stallMs = 20_000): Promise<BackupRun> {
  runs += 1;
  const id = `2026-11-20t02-00-00z-${runs.toString(16).padStart(6, '0')}`;
  const folder = `${TARGET}/${id}/`;
  const disk = await temporaryFolder('product');
  const root = join(disk.path, 'store');
  await mkdir(root);
  const resources = createStoreResources();
  const store = new DirectoryStore({ name: 'disk', type: 'directory', path: root }, resources);
  const { signal } = new AbortController();
  const storing = { store, folder, signal, stallMs };

  const run: BackupRun = {
    id,
    data: join(root, folder, 'data'),
    spool: () => mkdtemp(join(disk.path, 'spool-')),
    async capture(session) {
      const lines: ObjectLine[] = [];
      const capture = await session.backup.capture({
        spool: await run.spool(),
        startedAt: STARTED,
        notes: notebookInMemory(),
        job: UNWATCHED_JOB,
        store: async (artifact, open) => {
          const stored = await storeArtifact({ ...storing, artifact, open, adopt: false });
          lines.push(...stored);
          return stored;
        },
      });
      return { capture: asStored(capture), lines };
    },
    transferOne: (session, artifact) =>
      storeArtifact({ ...storing, artifact, open: () => session.backup.open(artifact) }),
    async transfer(session, { capture }) {
      const lines: ObjectLine[] = [];
      const gone: string[] = [];
      for (const artifact of capture.artifacts) {
        const stored = await run.transferOne(session, artifact);
        lines.push(...stored);
        if (stored.length === 0) gone.push(artifact.subject);
      }
      return { lines, gone };
    },
    conclude: (session, { capture, lines }, moved) =>
      session.backup.conclude({
        startedAt: STARTED,
        detail: capture.detail,
        objects: each([...lines, ...moved.lines]),
        gone: moved.gone,
      }),
    async commit(captured, moved, { files, detail, warnings }) {
      const lines = [...captured.lines, ...moved.lines];
      for (const { bytes, ...what } of files) {
        const artifact = { ...what, format: 'bytes' as const, key: {} };
        const open = async () => ({ body: each([bytes]), codec: 'identity' as const });
        lines.push(...(await storeArtifact({ ...storing, artifact, open })));
      }
      const objects = await writeObjects(store, folder, lines, signal);
      const told = [...captured.capture.warnings, ...warnings];
      const manifest = manifestOf(product, id, lines, objects, detail, told);
      await store.put(folder + MANIFEST, toJson(manifest));
      const read = await readManifest(store, TARGET, id, signal);
      return {
        manifest: read,
        objects: () => readObjects(store, read, signal),
        open: (wanted, options) =>
          openArtifact({ store, folder, signal, lines: wanted, ...options }),
      };
    },
    async take(session) {
      const captured = await run.capture(session);
      const moved = await run.transfer(session, captured);
      return run.commit(captured, moved, await run.conclude(session, captured, moved));
    },
    async objects() {
      const keys: string[] = [];
      for await (const { key } of store.list(folder)) keys.push(key.slice(folder.length));
      for await (const { key } of store.openUploads('')) keys.push(`unfinished ${key}`);
      return keys;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await resources.close();
      await disk.remove();
    },
  };
  return run;
}

export function manifestOf(
  product: string,
  id: string,
  lines: ObjectLine[],
  objects: Manifest['objects'],
  detail: Manifest['detail'],
  warnings: Manifest['warnings'],
): Manifest {
  const stored = lines.reduce((sum, { bytes }) => sum + bytes, 0);
  const time = STARTED.toISOString();
  return {
    format: MANIFEST_FORMAT,
    holdfast: '0.0.0',
    id,
    target: TARGET,
    product: { name: product, version: 'unknown', identity: 'unknown' },
    kind: 'streamed',
    run: { workflowId: `backup/${TARGET}/test`, runId: id, attempt: 1 },
    times: { started: time, captured: { from: time, to: time }, completed: time },
    totals: {
      artifacts: lines.length,
      objects: lines.length,
      storedBytes: stored,
      plainBytes: stored,
      newBytes: stored,
    },
    objects,
    encryption: null,
    state: 'ok',
    note: null,
    tags: {},
    warnings,
    detail,
  };
}

/** What lies in the store between two calls has been JSON. */
export function asStored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

export async function* each<T>(items: T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}
