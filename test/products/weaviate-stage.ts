import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../activities/failure.ts';
import type {
  DelegatedBackup,
  DelegatedSession,
  Inventory,
  JobReport,
  PlannedJob,
  PreviousBackup,
} from '../../activities/products/delegated.ts';
import { weaviate } from '../../activities/products/weaviate/index.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { FAILURES } from '../../workflows/contract/failures.ts';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';
import {
  directoryStorage,
  startWeaviateSimulator,
  type SimulatorOptions,
} from '../simulators/weaviate/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { askWeaviate, writeObjects } from '../support/weaviate-data.ts';

export type WeaviateStage = Awaited<ReturnType<typeof weaviateStage>>;

interface Opened {
  connection?: Record<string, unknown>;
  previous?: PreviousBackup;
  stallMs?: number;
}

/** A simulated Weaviate with its storage in a folder, and the adapter as the activities use it. */
export async function weaviateStage(options: Partial<SimulatorOptions> = {}) {
  const folder = await temporaryFolder('weaviate-storage');
  const simulator = await startWeaviateSimulator({
    storage: directoryStorage(folder.path, 's3'),
    speed: 1_000,
    ...options,
  });
  const { switches } = simulator;
  const resources = createStoreResources({ retry: { tries: 2, pauseMs: 5 } });
  const closing: (() => Promise<void>)[] = [];
  const open = ({ connection = {}, previous, stallMs = 1_000 }: Opened = {}): DelegatedSession => {
    const parsed = weaviate.connection.parse({
      url: simulator.url,
      storage: { type: 'directory', path: folder.path },
      ...connection,
    });
    const storage = openStore(weaviate.storage(parsed), resources);
    const session = weaviate.connect({
      target: 'articles',
      connection: parsed,
      concurrency: 4,
      stallMs,
      signal: new AbortController().signal,
      storage,
      previous,
    });
    closing.push(
      () => session.close(),
      () => storage.close(),
    );
    return session;
  };
  const session = open();
  const address = { url: simulator.url, apiKey: options.accounts?.[0]?.key };
  return {
    simulator,
    switches,
    session,
    open,
    folder: folder.path,
    ask: (method: string, path: string, body?: object) => askWeaviate(address, method, path, body),
    write: (objects: Parameters<typeof writeObjects>[1]) => writeObjects(address, objects),
    committed,
    /** As a server is that has lost everything and was asked for no restore of that backup yet. */
    async empty(backup: { name: string }) {
      const { cluster } = simulator;
      simulator.calm();
      for (const name of cluster.collections.keys()) cluster.remove(name);
      cluster.aliases.clear();
      await rm(join(folder.path, backup.name, 'restore_config.json'), { force: true });
    },
    /** Puts a file where the server keeps its backups. */
    async plant(key: string, content: object | string) {
      await mkdir(dirname(join(folder.path, key)), { recursive: true });
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      await writeFile(join(folder.path, key), text);
    },
    async take(by = session) {
      const name = newName();
      const observed = await by.backup.observe();
      await by.backup.start(name, new Date());
      const end = await ended(() => by.backup.poll(name));
      if (end.state !== 'succeeded') throw new Error(`The backup ended as ${end.words}.`);
      const inventory = await by.backup.inventory(name, observed);
      return { name, observed, inventory, backup: committed(name, inventory) };
    },
    plan: (backup: DelegatedBackup, request: Partial<RestoreRequest> = {}, by = session) =>
      by.restore.plan({
        backup,
        restore: { target: 'articles', ...request },
        destination: 'articles',
        run: newName(),
      }),
    async restore(plan: PlannedJob, backup: DelegatedBackup, by = session) {
      const state = await by.restore.start(plan, new Date());
      const end = await ended(() => by.restore.poll(plan, state));
      if (end.state !== 'succeeded') throw new Error(`The restore ended as ${end.words}.`);
      return by.restore.prove(plan, state, backup, () => undefined);
    },
    async [Symbol.asyncDispose]() {
      for (const close of closing) await close();
      await resources.close();
      await simulator.stop();
      await folder.remove();
    },
  };
}

export function newName(): string {
  return `b-${randomUUID()}`;
}

/** Asks until it has ended, as an activity does: what may pass is asked again. */
export async function ended(poll: () => Promise<JobReport>): Promise<JobReport> {
  for (;;) {
    const report = await poll().catch((error: unknown) => {
      if (error instanceof HoldfastError && FAILURES[error.code].retry !== 'never')
        return undefined;
      throw error;
    });
    if (report && report.state !== 'running') return report;
    await sleep(10);
  }
}

export function previousOf({ name, inventory }: Taken): PreviousBackup {
  return {
    name,
    bases: inventory.bases,
    detail: inventory.detail,
    async *objects() {
      yield* inventory.objects;
    },
  };
}

export interface Taken {
  name: string;
  inventory: Inventory;
}

/** What the adapter reads of a committed backup. */
function committed(name: string, inventory: Inventory): DelegatedBackup {
  const time = new Date().toISOString();
  const list = { path: 'objects.ndjson.gz', bytes: 1, sha256: '0'.repeat(64) };
  const file = (path: string) => inventory.files.find((one) => one.path === path);
  return {
    name,
    manifest: {
      format: 1,
      holdfast: '0.0.0',
      id: '2026-11-20t02-00-00z-00000a',
      target: 'articles',
      product: { name: 'weaviate', version: '1.38.11', identity: 'node1' },
      kind: 'delegated',
      run: { workflowId: 'backup/articles/test', runId: name, attempt: 1 },
      times: { started: time, captured: { from: time, to: time }, completed: time },
      totals: { artifacts: 1, objects: 1, storedBytes: 1, plainBytes: 1, newBytes: 1 },
      objects: list,
      state: 'ok',
      note: null,
      tags: {},
      warnings: inventory.warnings,
      detail: inventory.detail,
      delegated: {
        name,
        place: 'a folder',
        objects: list,
        count: inventory.objects.length,
        bytes: 1,
        bases: inventory.bases.map((base) => ({ backup: base, name: base })),
      },
    },
    async *objects() {
      yield* inventory.objects;
    },
    file: (path) => {
      const found = file(path);
      return found ? Promise.resolve(found.bytes) : Promise.reject(new Error(`no file ${path}`));
    },
  };
}
