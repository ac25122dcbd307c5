import { askWeaviate, callWeaviate, writeObjects } from '../../support/weaviate-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import type { Memory } from './cluster.ts';
import { startWeaviateSimulator, type SimulatorOptions } from './simulator.ts';
import { directoryStorage } from './storage/directory.ts';

export interface Told {
  id: string;
  status: string;
  error?: string;
  startedAt?: string;
  completedAt?: string;
  incremental_base_backup_id?: string;
}

export type Stage = Awaited<ReturnType<typeof stage>>;

/** A simulator that keeps its backups in a folder of its own, with a hundred articles and ten people. */
export async function stage(options: Partial<SimulatorOptions> & { key?: string } = {}) {
  const folder = await temporaryFolder('weaviate-simulator');
  const simulator = await startWeaviateSimulator({
    storage: directoryStorage(folder.path, 's3'),
    speed: 1000,
    ...options,
  });
  const address = { url: simulator.url, apiKey: options.key };
  const backups = '/backups/s3';
  const objects = (of: string, count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => ({
      class: of,
      id: `00000000-0000-4000-8000-${String(from + i).padStart(12, '0')}`,
      properties: { n: from + i, of },
      vector: [i / 8, 1 - i / 8],
    }));
  await askWeaviate(address, 'POST', '/schema', { class: 'Article' });
  await askWeaviate(address, 'POST', '/schema', { class: 'Person' });
  await writeObjects(address, objects('Article', 100));
  await writeObjects(address, objects('Person', 10));
  const until = async (path: string, done: (told: Told) => boolean) => {
    for (;;) {
      const told = (await askWeaviate(address, 'GET', path)) as Told;
      if (done(told)) return told;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const quiet = async (is: (memory: Memory) => boolean) => {
    while (!simulator.cluster.nodes.every(({ memory }) => is(memory))) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  return {
    simulator,
    address,
    place: simulator.storage.place(),
    objects,
    call: (method: string, path: string, body?: object | string, at = address) =>
      callWeaviate(at, method, path, body),
    ask: (method: string, path: string, body?: object) => askWeaviate(address, method, path, body),
    create: (id: string, body: object = {}) =>
      callWeaviate(address, 'POST', backups, { id, ...body }),
    cancel: (id: string) => callWeaviate(address, 'DELETE', `${backups}/${id}`),
    restore: (id: string, body: object = {}) =>
      callWeaviate(address, 'POST', `${backups}/${id}/restore`, body),
    status: async (id: string) => (await askWeaviate(address, 'GET', `${backups}/${id}`)) as Told,
    restoreStatus: async (id: string) =>
      (await askWeaviate(address, 'GET', `${backups}/${id}/restore`)) as Told,
    /** When nobody works on it any more: as the storage has it. */
    async ended(id: string) {
      await quiet(({ backup, backingUp }) => backup?.id !== id && backingUp?.id !== id);
      return (await askWeaviate(address, 'GET', `${backups}/${id}`)) as Told;
    },
    async restoreEnded(id: string) {
      await quiet(({ restore, restoring }) => restore?.id !== id && restoring?.id !== id);
      return (await askWeaviate(address, 'GET', `${backups}/${id}/restore`)) as Told;
    },
    until,
    /** As `kill -9` and a start; the client has noticed that its connections are gone. */
    async restart() {
      await simulator.kill();
      await callWeaviate(address, 'GET', '/meta').catch(() => undefined);
      await simulator.start();
    },
    backups,
    async [Symbol.asyncDispose]() {
      await simulator.stop();
      await folder.remove();
    },
  };
}
