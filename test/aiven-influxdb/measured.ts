import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { notebookInMemory } from '../../activities/catalog/notebook.ts';
import type {
  BackupReader,
  Capture,
  Conclusion,
  ProductSession,
} from '../../activities/products/product.ts';
import { backupInMemory } from '../influxdb-v1/backup-in-memory.ts';
import { takeBackup } from './take-backup.ts';

export type Before = Pick<BackupReader, 'manifest' | 'objects'>;

/** Of the service that the tests take backups of. */
export const IDENTITY = 'acme-prod/metrics';

/** The backup before the one that is taken. */
export function known(
  objects: BackupReader['objects'],
  identity = IDENTITY,
  detail: Record<string, unknown> = {},
): Before {
  const { manifest } = backupInMemory();
  const time = '2026-11-19T02:00:00Z';
  return {
    manifest: {
      ...manifest,
      id: 'last',
      product: { ...manifest.product, identity },
      times: { ...manifest.times, captured: { from: time, to: time } },
      detail,
    },
    objects,
  };
}

export async function* each<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

/** Takes a backup, as the activities do, and measures it against the one before it. */
export async function takeMeasured(
  session: ProductSession,
  store: string,
  before?: Before,
  notes = notebookInMemory(),
): Promise<{ lines: ObjectLine[]; capture: Capture; conclusion: Conclusion }> {
  const measured = () => Promise.resolve(before);
  const { lines, capture } = await takeBackup(session, store, notes, undefined, measured);
  const conclusion = await session.backup.conclude({
    startedAt: new Date(),
    detail: JSON.parse(JSON.stringify(capture.detail)) as Record<string, unknown>,
    objects: each(...lines),
    gone: [],
    before: measured,
  });
  return { lines, capture, conclusion };
}
