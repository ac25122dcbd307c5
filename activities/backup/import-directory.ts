import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import { backupId, timeName } from '../../workflows/contract/names.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { putOnce, readIfThere, toJson } from '../catalog/json.ts';
import { backupFolder, DELETING, MANIFEST, RUN } from '../catalog/layout.ts';
import { MANIFEST_FORMAT, type Manifest, type ObjectLine } from '../catalog/manifest.ts';
import { withDigest } from '../catalog/manifest-digest.ts';
import { notebookInMemory } from '../catalog/notebook.ts';
import { UNWATCHED_JOB } from '../jobs/patience.ts';
import { writeObjects } from '../catalog/objects.ts';
import { parseManifest } from '../catalog/read-manifest.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import { patiently } from '../patiently.ts';
import type { Sealer } from '../pipeline/age/sealer.ts';
import { storeArtifact } from '../pipeline/store-artifact.ts';
import type { ArtifactPlan, DirectorySource, OpenArtifact } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { openerIfHere, sealerOf } from '../workspace.ts';
import { checkPresence } from './check-presence.ts';
import { removeOwnWork } from '../catalog/remove-own-work.ts';
import { removeStrays } from './remove-strays.ts';
import { recipientsOf, sealedAlike } from './sealed-alike.ts';
import { totalsOf } from './summarise.ts';

export interface ImportOptions {
  store: Store;
  snapshot: TargetSnapshot;
  directory: DirectorySource;
  /** A folder for what cannot be streamed. */
  spool: string;
  note: string | null;
  /** The version of Holdfast. */
  version: string;
  signal: AbortSignal;
  onBytes(bytes: number): void;
  onArtifact(): void;
}

interface Imported {
  manifest: Manifest;
  /** It was imported before. */
  already: boolean;
  /** Those of the manifest, and of what came after it. */
  warnings: Warning[];
}

/**
 * Takes a backup of the product's own tool into the store: streamed, hashed and checked like any other, and committed
 * last. Its id comes from what lies in the directory, so taking it in twice gives one backup, and an import that was
 * broken off goes on where it was.
 * @throws INPUT_INVALID while that backup is being deleted
 */
export async function importDirectory(options: ImportOptions): Promise<Imported> {
  const { store, snapshot, directory, signal } = options;
  const { target } = snapshot;
  const { startedAt } = directory;
  const runId = fingerprint(target, directory);
  const id = backupId(startedAt, runId);
  const folder = backupFolder(target, id);
  if (await store.head(folder + DELETING, { signal })) throw halfDeleted(options, id);
  const there = await committedIn(store, folder, signal);
  if (there) return { manifest: there, already: true, warnings: there.warnings };

  const run = { workflowId: `import/${target}/${timeName(startedAt)}`, runId };
  const claim = { ...run, cluster: '', namespace: '', startedAt: new Date().toISOString() };
  const sealer = await sealerOf(snapshot);
  await sealer?.selfTest();
  const recipients = recipientsOf(sealer);
  const mark = toJson({ ...claim, host: hostname(), recipients });
  await putOnce(store, folder + RUN, mark, signal);

  const { artifacts, lines, detail, warnings } = await storeAll(options, folder, sealer);
  await patiently(() => checkPresence(store, folder, lines, signal), signal);
  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    holdfast: options.version,
    id,
    target,
    // The tool's own files do not tell the version of the server.
    product: { name: snapshot.product, version: 'unknown', identity: '' },
    kind: 'streamed',
    run: { ...run, attempt: 1 },
    times: {
      started: startedAt.toISOString(),
      captured: {
        from: (directory.oldest ?? startedAt).toISOString(),
        to: startedAt.toISOString(),
      },
      completed: new Date().toISOString(),
    },
    totals: totalsOf({ artifacts, lines, productObjects: [] }),
    objects: await writeObjects(store, folder, lines, signal),
    encryption: sealer ? { scheme: 'age-v1', recipients: sealer.fingerprints } : null,
    state: 'ok',
    note: options.note,
    tags: {},
    warnings,
    detail,
  };
  await putOnce(store, folder + MANIFEST, toJson(withDigest(manifest)), signal);
  // Whoever wrote it: what the store holds now is the backup.
  const committed = await patiently(async () => {
    const found = await committedIn(store, folder, signal);
    if (found) return found;
    const what = `Store ${store.name} took ${folder}${MANIFEST} and does not have it.`;
    throw new HoldfastError('STORE_ERROR', what);
  }, signal);
  const untidy = await tidy(store, committed, signal);
  return { manifest: committed, already: false, warnings: [...committed.warnings, ...untidy] };
}

async function committedIn(
  store: Store,
  folder: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  const key = folder + MANIFEST;
  const raw = await readIfThere(store, key, signal);
  return raw === undefined ? undefined : parseManifest(raw, `${store.place}/${key}`);
}

/** The backup is complete, so what cannot be removed is told and does not fail the import. */
async function tidy(store: Store, manifest: Manifest, signal: AbortSignal): Promise<Warning[]> {
  try {
    await removeStrays(store, manifest, signal);
    await removeOwnWork(store, backupFolder(manifest.target, manifest.id), signal);
    return [];
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code === 'BACKUP_DAMAGED') throw error;
    const message = `The backup is committed and complete, and what its import left beside it could not be removed: ${error.message}`;
    return [{ code: 'FAILED_AFTER_COMMIT', message }];
  }
}

async function storeAll(options: ImportOptions, folder: string, sealer: Sealer | undefined) {
  const { store, snapshot, directory, spool, signal } = options;
  const opener = await openerIfHere(snapshot);
  const adopt = await sealedAlike(store, folder, sealer, signal);
  const lines: ObjectLine[] = [];
  const take = async (artifact: ArtifactPlan, open: () => Promise<OpenArtifact | 'gone'>) => {
    const stored = await storeArtifact({
      store,
      folder,
      artifact,
      open,
      sealer,
      opener,
      adopt,
      signal,
      onBytes: (bytes) => options.onBytes(bytes),
    });
    options.onArtifact();
    lines.push(...stored);
    return stored;
  };
  const { startedAt } = directory;
  const captured = await directory.capture({
    spool,
    startedAt,
    notes: notebookInMemory(),
    job: UNWATCHED_JOB,
    store: take,
  });
  await eachBounded(captured.artifacts, snapshot.limits.concurrency, async (artifact) => {
    await take(artifact, () => directory.open(artifact));
  });
  // What is added now stands beside the artifacts, as in any backup.
  const artifacts = lines.filter(({ part }) => (part?.index ?? 0) === 0).length;
  const conclusion = await directory.conclude({
    startedAt,
    detail: captured.detail,
    objects: Readable.from(lines) as AsyncIterable<ObjectLine>,
    gone: [],
  });
  for (const { path, role, subject, bytes } of conclusion.files) {
    await take({ path, role, subject, format: 'bytes', key: {}, bytes: bytes.length }, () =>
      Promise.resolve({ body: Readable.from([bytes]), codec: 'identity' }),
    );
  }
  return {
    artifacts,
    lines,
    detail: conclusion.detail,
    warnings: [...captured.warnings, ...conclusion.warnings],
  };
}

/** Whatever was taken in now would be listed nowhere, and go with the rest. */
function halfDeleted({ store, snapshot: { target } }: ImportOptions, id: string): HoldfastError {
  return new HoldfastError(
    'INPUT_INVALID',
    `This directory was imported before, as backup ${id} of ${target}, and the deletion of that backup from store ` +
      `${store.name} has begun and not ended.`,
    { hint: `\`holdfast delete ${target} ${id}\` goes on with it; import the directory then.` },
  );
}

function fingerprint(target: string, { startedAt, artifacts }: DirectorySource): string {
  const names = artifacts.map(({ path, subject }) => `${path} ${subject}`).toSorted();
  const text = JSON.stringify([target, startedAt.toISOString(), names]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
