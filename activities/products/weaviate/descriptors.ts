import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { Store } from '../../stores/store.ts';

/** The files that Weaviate writes beside its chunks; only what is of interest here. */
const GLOBAL = 'backup_config.json';
const RESTORE = 'restore_config.json';

const text = z.string().nullish();

const globalSchema = z.object({
  id: z.string(),
  status: z.string(),
  error: text,
  startedAt: text,
  completedAt: text,
  version: text,
  serverVersion: text,
  compressionType: text,
  baseBackupId: text,
  leader: text,
  nodes: z.record(z.string(), z.object({ classes: z.array(z.string()).nullish() }).nullish()),
});
export type GlobalDescriptor = z.output<typeof globalSchema>;

const nodeSchema = z.object({
  id: z.string(),
  status: z.string(),
  error: text,
  classes: z
    .array(
      z.object({
        name: z.string(),
        chunks: z.record(z.string(), z.unknown()).nullish(),
        schema: text,
        aliases: text,
        preCompressionSizeBytes: z.number().nullish(),
        shards: z
          .array(
            z.object({
              name: z.string(),
              incrementalBackupInfo: z
                .object({
                  filesPerBackup: z
                    .record(
                      z.string(),
                      z.array(z.object({ chunkKeys: z.array(z.string()).nullish() })).nullish(),
                    )
                    .nullish(),
                })
                .nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
  rbacBackups: text,
  userBackups: text,
});
export type NodeDescriptor = z.output<typeof nodeSchema>;

const restoreSchema = z.object({
  status: z.string(),
  startedAt: text,
  nodes: z
    .record(z.string(), z.object({ classes: z.array(z.string()).nullish() }).nullish())
    .nullish(),
});
export type RestoreDescriptor = z.output<typeof restoreSchema>;

export function globalKey(name: string): string {
  return `${name}/${GLOBAL}`;
}

export function restoreKey(name: string): string {
  return `${name}/${RESTORE}`;
}

export function nodeKey(name: string, node: string): string {
  return `${name}/${node}/backup.json`;
}

/** @returns undefined when there is none, or only half of one yet */
export async function readGlobal(
  storage: Store,
  name: string,
  signal: AbortSignal,
): Promise<GlobalDescriptor | undefined> {
  const found = await readJson(storage, globalKey(name), signal);
  return globalSchema.safeParse(found).data;
}

export async function readNode(
  storage: Store,
  name: string,
  node: string,
  signal: AbortSignal,
): Promise<NodeDescriptor | undefined> {
  const found = await readJson(storage, nodeKey(name, node), signal);
  return nodeSchema.safeParse(found).data;
}

/** What the last restore of this backup left there, of whichever run. */
export async function readRestore(
  storage: Store,
  name: string,
  signal: AbortSignal,
): Promise<RestoreDescriptor | undefined> {
  const found = await readJson(storage, restoreKey(name), signal);
  return restoreSchema.safeParse(found).data;
}

async function readJson(storage: Store, key: string, signal: AbortSignal): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of storage.read(key, { signal })) chunks.push(chunk);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'OBJECT_MISSING') return undefined;
    throw error;
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
