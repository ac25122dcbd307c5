import { randomUUID } from 'node:crypto';
import { weaviate } from '../../activities/products/weaviate/index.ts';
import {
  askWeaviate,
  readObjects,
  type WeaviateAddress,
  writeObjects,
} from '../support/weaviate-data.ts';
import type { AnswerOf, DelegatedFaults, DelegatedUnderTest } from './delegated-under-test.ts';

/** A server and the storage of its module `s3`, whatever they are. */
export interface StartedWeaviate extends AsyncDisposable {
  address: WeaviateAddress & { apiKey: string };
  /** Of a caller who may do nothing. */
  weakKey: string;
  /** The `storage` of a connection. */
  storage: Record<string, unknown>;
  faults: Partial<DelegatedFaults>;
}

/** Weaviate for the shared suite. */
export function weaviateUnderTest(
  start: (options: { apiKey: string }) => Promise<StartedWeaviate>,
): DelegatedUnderTest {
  return {
    product: weaviate,
    start: async () => delegatedWorld(await start({ apiKey: `secret-${randomUUID()}` })),
    detects: {
      truncated: true,
      // The server cannot say anything of a backup whose descriptor it cannot read.
      also: (key) => (key.endsWith('/backup_config.json') ? ['TARGET_ERROR'] : []),
    },
    oneAtATime: true,
    identity: 'it is the names of the nodes, which are the same',
    restore: {
      everything: {},
      unit: (unit) => ({ select: { classes: [unit] } }),
      kind: 'beside',
    },
    label: (unit) => `class ${unit}`,
  };
}

/** The calls of the suite as the simulator names them. */
export const CALLS: Record<AnswerOf, string> = {
  start: 'create',
  cancel: 'cancel',
  restore: 'restore',
  restoreCancel: 'restoreCancel',
};

function delegatedWorld(started: StartedWeaviate) {
  const { address, storage, faults, weakKey } = started;
  const ask = (method: string, path: string, body?: object) =>
    askWeaviate(address, method, path, body);
  const strange = `strange-${randomUUID()}`;
  const connection = (url = address.url, key = address.apiKey) => ({
    url,
    apiKey: inEnvironment(key),
    storage,
  });
  const units = async () => {
    const { classes } = (await ask('GET', '/schema')) as { classes: { class: string }[] };
    return classes.map((one) => one.class).toSorted();
  };
  return {
    url: address.url,
    secrets: [address.apiKey, weakKey, strange],
    connection: (url?: string) => connection(url),
    strangeConnection: () => connection(address.url, strange),
    weakConnection: async () => connection(address.url, weakKey),
    async seed(unit: string, seed: string) {
      if (!(await units()).includes(unit)) {
        await ask('POST', '/schema', { class: unit, vectorizer: 'none' });
        // A class that was deleted has left its alias behind.
        const { aliases } = (await ask('GET', `/aliases?class=${unit}`)) as { aliases: unknown[] };
        const alias = { alias: `${unit}Alias`, class: unit };
        if (aliases.length === 0) await ask('POST', '/aliases', alias);
      }
      const objects = Array.from({ length: 300 }, (_, i) => ({
        class: unit,
        id: randomUUID(),
        properties: { text: `${seed} ${i}`, n: i },
        vector: [i / 4, seed.length, 1],
      }));
      await writeObjects(address, objects);
    },
    destroy: async (unit: string) => void (await ask('DELETE', `/schema/${unit}`)),
    async corrupt(unit: string) {
      const [first] = await readObjects(address, unit);
      await ask('DELETE', `/objects/${unit}/${first?.id}`);
    },
    async contents(unit: string) {
      if (!(await units()).includes(unit)) return undefined;
      return {
        definition: await ask('GET', `/schema/${unit}`),
        aliases: await ask('GET', `/aliases?class=${unit}`),
        objects: await readObjects(address, unit),
      };
    },
    units,
    async backups() {
      const list = (await ask('GET', '/backups/s3')) as { id: string }[];
      return list.map(({ id }) => id).toSorted();
    },
    faults,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** Puts a secret where a configuration may refer to it. */
function inEnvironment(value: string): { env: string } {
  const env = `HOLDFAST_TEST_${randomUUID().replaceAll('-', '')}`;
  process.env[env] = value;
  return { env };
}
