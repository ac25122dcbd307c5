import type { Activities, Preflight } from '../../workflows/contract/activities.ts';
import type { BackupReport } from '../../workflows/contract/operations.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { anotherServer } from '../catalog/another-server.ts';
import { putOnce, readJson, toJson } from '../catalog/json.ts';
import { MANIFEST } from '../catalog/layout.ts';
import { MANIFEST_FORMAT, type Manifest } from '../catalog/manifest.ts';
import { withDigest } from '../catalog/manifest-digest.ts';
import { writeObjects } from '../catalog/objects.ts';
import { predecessors } from '../catalog/predecessor.ts';
import { parseManifest } from '../catalog/read-manifest.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { sealerOf } from '../workspace.ts';
import { checkPresence } from './check-presence.ts';
import { comparableBytes } from './comparable-bytes.ts';
import { namingEarlier } from './name-earlier.ts';
import { reportOf } from './report.ts';
import { ACCEPTS_SHRINKING, shrinkage, yardsticks } from './shrunk.ts';
import { totalsOf, warningsOf } from './summarise.ts';
import { takenBy, type Taken } from './taken.ts';
import { workingAt, type UnderWay } from './under-way.ts';

/**
 * The commit. Before the manifest appears: every planned artifact has a receipt, and every object is in the store with
 * its size; what a product wrote by itself has been checked by the product's own rules.
 */
export function commitBackup(deps: Dependencies): Activities['commitBackup'] {
  return ({ job, preflight }) =>
    workingAt(deps, job, async (backup) => {
      const { at, store, folder } = backup;
      const earlier = await ownManifest(backup);
      if (earlier) return reportOf(earlier, job, store);
      const taken = await takenBy(backup);
      const readers = (await sealerOf(job.snapshot))?.fingerprints;
      const naming = { store, job, readers, number: at.number, signal: at.signal };
      return namingEarlier(naming, taken.lines, async (lines) => {
        await checkPresence(store, folder, lines, at.signal);
        return publish(backup, await compose(backup, preflight, { ...taken, lines }));
      });
    });
}

async function compose(
  { deps, at, job, store, folder }: UnderWay,
  preflight: Preflight,
  taken: Taken,
): Promise<Manifest> {
  const totals = totalsOf(taken);
  const product = {
    name: job.snapshot.product,
    version: preflight.version,
    identity: preflight.identity,
  };
  const { delegated, detail } = taken;
  const measured = { ...taken, product, totals };
  const earlier = await yardsticks(predecessors(store, job, at.signal), measured);
  const shrunk = await shrunkFrom(store, earlier, measured, at);
  const isLess = shrunk !== undefined || taken.lacking === true;
  const sealer = await sealerOf(job.snapshot);
  const named = { id: job.backup, target: job.snapshot.target, product, tags: job.tags };
  const replaced = await anotherServer(store, named, at.signal);
  return {
    format: MANIFEST_FORMAT,
    holdfast: deps.version,
    id: job.backup,
    target: job.snapshot.target,
    product,
    kind: job.snapshot.kind ?? 'streamed',
    run: { workflowId: job.run.workflowId, runId: job.run.runId, attempt: at.number },
    times: {
      ...(job.scheduledAt ? { scheduled: job.scheduledAt } : {}),
      started: job.startedAt,
      captured: taken.captured,
      completed: new Date().toISOString(),
    },
    totals,
    objects: await writeObjects(store, folder, taken.lines, at.signal),
    encryption: sealer ? { scheme: 'age-v1', recipients: sealer.fingerprints } : null,
    state: isLess && !(ACCEPTS_SHRINKING in job.tags) ? 'suspect' : 'ok',
    note: job.note,
    tags: job.tags,
    warnings: warningsOf({ job, preflight, taken, shrunk, replaced }),
    ...(delegated ? { delegated } : {}),
    detail,
  };
}

async function shrunkFrom(
  store: Store,
  [before, ...older]: Manifest[],
  now: Taken & Pick<Manifest, 'product' | 'totals'>,
  at: Attempt,
): Promise<string | undefined> {
  if (!before) return undefined;
  const { lines, delegated, totals } = now;
  const measured = { lines, productBytes: delegated?.bytes ?? 0, plainBytes: totals.plainBytes };
  const bytes = await comparableBytes(store, measured, before, at.signal);
  return shrinkage({ ...now, totals: { ...totals, plainBytes: bytes.now } }, [
    { ...before, totals: { ...before.totals, plainBytes: bytes.before } },
    ...older,
  ]);
}

async function publish(backup: UnderWay, manifest: Manifest): Promise<BackupReport> {
  const { at, job, store, folder } = backup;
  await putOnce(store, folder + MANIFEST, toJson(withDigest(manifest)), at.signal);
  // Whoever wrote it: what the store holds now is the backup. Some stores let two writers through at once.
  const there = await ownManifest(backup);
  if (there) return reportOf(there, job, store);
  throw new HoldfastError(
    'STORE_ERROR',
    `Store ${store.name} took ${folder}${MANIFEST} and does not have it.`,
  );
}

/** The manifest that an earlier attempt of this run committed. @throws COMMIT_CONFLICT when it is another run's */
async function ownManifest({ at, job, store, folder }: UnderWay): Promise<Manifest | undefined> {
  if (!(await store.head(folder + MANIFEST, { signal: at.signal }))) return undefined;
  const raw = await readJson(store, folder + MANIFEST, at.signal);
  const manifest = parseManifest(raw, `${store.place}/${folder}${MANIFEST}`);
  if (manifest.run.runId === job.run.runId) return manifest;
  throw new HoldfastError(
    'COMMIT_CONFLICT',
    `Backup ${job.backup} of ${job.snapshot.target} was committed by the run ${manifest.run.workflowId} ` +
      `(${manifest.run.runId}), not by this one.`,
  );
}
