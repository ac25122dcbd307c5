import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { backupFolder } from '../catalog/layout.ts';
import { keepLease, removeLease, writeLease } from '../catalog/leases.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { readObjects } from '../catalog/objects.ts';
import { HoldfastError } from '../failure.ts';
import { joinedName } from '../pipeline/object-path.ts';
import { openArtifact } from '../pipeline/open-artifact.ts';
import { END_MARK, padding, tarHeader } from '../pipeline/tar/write-tar.ts';
import { findProduct } from '../products/registry.ts';
import type { Store } from '../stores/store.ts';
import { artifactsOf } from '../verify/verify-pages.ts';
import { openerOf } from '../workspace.ts';

const UNWRITABLE = new Set<string>(['STORE_DENIED', 'STORE_FULL']);

export interface ExportOptions {
  store: Store;
  snapshot: TargetSnapshot;
  manifest: Manifest;
  signal: AbortSignal;
  /** Called with the length of each piece of the tar. */
  onBytes: (bytes: number) => void;
  onFile: () => void;
}

export interface Exported<T> {
  result: T;
  files: number;
  warnings: Warning[];
}

/**
 * Gives a streamed backup out as one tar: the files as the product's own tool knows them, decrypted and joined, each one
 * read once and none held in memory. `write` gets the tar, which throws in the place of its end mark's first byte at the
 * latest unless every byte was there and every hash agreed. The backup is leased meanwhile.
 * @throws INPUT_INVALID for a backup that a product wrote by itself, IDENTITY_MISSING before anything is written,
 * BACKUP_DAMAGED, BACKUP_UNKNOWN, STORE_*
 */
export async function exportBackup<T>(
  options: ExportOptions,
  write: (tar: AsyncIterable<Uint8Array>, files: number) => Promise<T>,
): Promise<Exported<T>> {
  const { store, snapshot, manifest, signal } = options;
  refuseDelegated(manifest);
  const lease = { target: manifest.target, backup: manifest.id, runId: `export-${randomUUID()}` };
  const holder = { operation: 'export', workflowId: `an export on ${hostname()}` } as const;
  const renew = () => writeLease(store, lease, holder, signal);
  const leased = await renew().then(
    () => true,
    (error: unknown) => {
      // Whoever may only read the store can still take a backup out of it, and out of a full one.
      if (error instanceof HoldfastError && UNWRITABLE.has(error.code)) return false;
      throw error;
    },
  );
  const body = async () => {
    const lines: ObjectLine[] = [];
    for await (const line of readObjects(store, manifest, signal)) lines.push(line);
    const opener = await openerOf(snapshot);
    if (!opener && lines.some(({ encrypted }) => encrypted)) throw identityMissing(manifest);
    const artifacts = artifactsOf(lines);
    const tar = tarOf(options, artifacts, opener);
    return { result: await write(tar, artifacts.length), files: artifacts.length };
  };
  if (!leased) return { ...(await body()), warnings: [notLeased(manifest)] };
  try {
    return { ...(await keepLease(renew, body)), warnings: [] };
  } finally {
    await removeLease(store, lease).catch(() => undefined);
  }
}

async function* tarOf(
  { store, manifest, signal, onBytes, onFile }: ExportOptions,
  artifacts: ObjectLine[][],
  opener: Awaited<ReturnType<typeof openerOf>>,
): AsyncGenerator<Uint8Array> {
  const product = findProduct(manifest.product.name);
  const folder = backupFolder(manifest.target, manifest.id);
  const facts = { mode: 0o600, modified: new Date(manifest.times.captured.from) };
  const piece = (bytes: Uint8Array) => {
    onBytes(bytes.length);
    return bytes;
  };
  for (const lines of artifacts) {
    const joined = joinedName(lines[0] ?? { path: '', encrypted: false });
    const name = (product.kind === 'streamed' && product.toolName?.(joined)) || joined;
    const bytes = lines.reduce((sum, line) => sum + (line.plain ?? line).bytes, 0);
    yield piece(tarHeader(name, bytes, facts));
    for await (const chunk of openArtifact({ store, folder, lines, opener, signal })) {
      yield piece(chunk);
    }
    yield piece(padding(bytes));
    onFile();
  }
  yield piece(END_MARK);
}

function refuseDelegated({ id, target, delegated, product }: Manifest): void {
  if (!delegated) return;
  throw new HoldfastError(
    'INPUT_INVALID',
    `Backup ${id} of ${target} was written by ${product.name} itself, whose own tool reads no tar of it.`,
    { hint: 'Only products whose bytes Holdfast streams have backups that are exported.' },
  );
}

function identityMissing({ id, target }: Manifest): HoldfastError {
  return new HoldfastError(
    'IDENTITY_MISSING',
    `Backup ${id} of ${target} is encrypted, and no identity is configured here.`,
  );
}

function notLeased({ id }: Manifest): Warning {
  return {
    code: 'EXPORT_NOT_LEASED',
    message: `The store takes no lease from here: whoever deletes backup ${id} meanwhile ends its export.`,
    subject: id,
  };
}
