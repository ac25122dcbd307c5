import { z } from 'zod';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { readIfThere } from './json.ts';
import { backupFolder } from './layout.ts';
import { digestAgrees } from './manifest-digest.ts';
import { objectLineSchema, type Manifest } from './manifest.ts';
import { readList } from './object-list.ts';

/** What ends the copy of a delegated backup (docs/formats.md): its bytes lie in the Holdfast store too. */

export const COLLECTED = 'collected.json';
export const COLLECTED_OBJECTS = 'collected.ndjson.gz';
export const COLLECTED_FORMAT = 1;

const bytes = z.number().int().nonnegative();

export const collectedSchema = z.object({
  format: z.literal(COLLECTED_FORMAT),
  holdfast: z.string(),
  completed: z.string(),
  run: z.object({ workflowId: z.string(), runId: z.string() }),
  /** It replaced one that could not be read, or of which objects were damaged or missing. */
  mended: z.boolean().optional(),
  /** What loses the product's objects loses the copy too: one bucket, or one disk, holds both. */
  sameFailureDomain: z.boolean().optional(),
  /** How the bytes were moved: by the store itself, or through the worker; `mixed` when it was both. */
  method: z.enum(['streamed', 'server-side', 'mixed']),
  totals: z.object({
    /** Objects of the product. */
    artifacts: z.number().int(),
    /** Objects in the Holdfast store that hold them: more, when some were split. */
    objects: z.number().int(),
    storedBytes: bytes,
    plainBytes: bytes,
    /** Of `storedBytes`, what this copy added; the rest lies in earlier backups. */
    newBytes: bytes,
  }),
  encryption: z.object({ scheme: z.literal('age-v1'), recipients: z.array(z.string()) }).nullable(),
  objects: z.object({ path: z.string(), bytes, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  /** SHA-256 of this object's compact JSON without this field. */
  digest: z.string().optional(),
});
export type Collected = z.infer<typeof collectedSchema>;

/** A line of the list: one object in the Holdfast store, and where its bytes belong in the product's storage. */
export const collectedLineSchema = objectLineSchema.extend({
  /** The product's own key. All parts of a split object bear the same. */
  key: z.string(),
});
export type CollectedLine = z.infer<typeof collectedLineSchema>;

/**
 * What the copy of a backup came to; undefined while its bytes lie with the product alone.
 * @throws BACKUP_DAMAGED, BACKUP_FORMAT_NEWER
 */
export async function readCollected(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): Promise<Collected | undefined> {
  const key = backupFolder(target, backup) + COLLECTED;
  const raw = await readIfThere(store, key, signal);
  return raw === undefined ? undefined : parseCollected(raw, `${store.place}/${key}`);
}

/** A copy that cannot be read is none; a verification says what is wrong with it. */
export async function readableCopy(
  store: Store,
  { target, id }: Manifest,
  signal?: AbortSignal,
): Promise<Collected | undefined> {
  try {
    return await readCollected(store, target, id, signal);
  } catch (error) {
    const codes = ['BACKUP_DAMAGED', 'BACKUP_FORMAT_NEWER'];
    if (error instanceof HoldfastError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

function parseCollected(raw: unknown, where: string): Collected {
  const object = typeof raw === 'object' && raw !== null ? raw : {};
  if ('format' in object && typeof object.format === 'number' && object.format > COLLECTED_FORMAT) {
    throw new HoldfastError(
      'BACKUP_FORMAT_NEWER',
      `${where} has format ${object.format}; this Holdfast reads formats up to ${COLLECTED_FORMAT}.`,
    );
  }
  const parsed = collectedSchema.safeParse(raw);
  if (parsed.success && digestAgrees(object)) return parsed.data;
  const [issue] = parsed.error?.issues ?? [];
  const what = issue
    ? `${issue.path.join('.') || 'the whole'}: ${issue.message}`
    : 'its digest differs';
  throw new HoldfastError('BACKUP_DAMAGED', `${where} is not as it was written: ${what}.`);
}

/**
 * The objects of a collected backup, parts of one in order, in the order of the product's list. With `from`, the bytes
 * are an earlier backup's (`lineKey` says where).
 * @throws BACKUP_DAMAGED
 */
export function collectedObjects(
  store: Store,
  { target, id }: { target: string; id: string },
  collected: Collected,
  signal?: AbortSignal,
): AsyncGenerator<CollectedLine> {
  const folder = backupFolder(target, id);
  return readList(store, folder, collected.objects, collectedLineSchema, signal);
}

/** The same, by the product's key: the lines of each object together. */
export async function collectedByKey(
  store: Store,
  manifest: { target: string; id: string },
  collected: Collected,
  signal?: AbortSignal,
): Promise<Map<string, CollectedLine[]>> {
  const found = new Map<string, CollectedLine[]>();
  for await (const line of collectedObjects(store, manifest, collected, signal)) {
    const known = found.get(line.key);
    if (known) known.push(line);
    else found.set(line.key, [line]);
  }
  return found;
}
