import { HoldfastError } from '../../failure.ts';
import type { PlannedJob } from '../delegated.ts';
import { readRestore } from './descriptors.ts';
import { told } from '../../few.ts';
import { stateOf } from './job-status.ts';
import { detailOf, type RestoreDetail, type RestoreState } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
import { startRefusal } from './start-refusal.ts';

/** A cancel that nobody finishes any more leaves its word in the storage for ever. */
const CANCELLING_MS = 10 * 60_000;

/**
 * Begins the restore, or finds that an earlier attempt has. What is to be replaced is dropped when nothing else stands
 * in the way any more.
 */
export async function startRestore(
  weaviate: Weaviate,
  plan: PlannedJob,
  since: Date,
): Promise<RestoreState> {
  const { api, database, connection, client } = weaviate;
  const detail = detailOf(plan);
  const accepted = (): RestoreState => ({ version: 1, acceptedAt: new Date().toISOString() });
  if (await hasBegun(weaviate, plan, detail)) return accepted();
  await requireNoCancel(weaviate, plan.name, since);
  const there = await api.status(plan.name);
  if (!there || stateOf(there) !== 'succeeded') {
    throw new HoldfastError(
      'TARGET_REFUSED',
      `${client.server} finds no whole backup ${plan.name} in its storage: it says ${there?.status ?? 'that there is none'}.`,
      { hint: 'Check that `connection.storage` is the place that the server restores from.' },
    );
  }
  await makeRoom(weaviate, detail);
  const { bucket, path, cpuPercentage, nodeMapping } = connection;
  const complaint = await api.restore(plan.name, {
    ...(!detail.whole && { include: detail.classes.map(({ name }) => name) }),
    config: {
      ...(cpuPercentage !== undefined && { CPUPercentage: cpuPercentage }),
      ...(bucket !== undefined && { Bucket: bucket }),
      ...(path !== undefined && { Path: path }),
      ...(detail.users && { usersOptions: 'all' }),
      ...(detail.roles && { rolesOptions: 'all' }),
    },
    ...(nodeMapping && { node_mapping: nodeMapping }),
    ...(detail.overwriteAlias && { overwriteAlias: true }),
  });
  if (!complaint) return accepted();
  throw startRefusal(complaint, {
    server: client.server,
    operation: `beginning the restore of backup ${plan.name}`,
    version: (await database.meta()).version,
    elapsedMs: Date.now() - since.getTime(),
  });
}

/** The server tells no time of a restore; its file in the storage does, and another than before is ours. */
export async function hasBegun(
  { storage, signal }: Weaviate,
  plan: PlannedJob,
  { earlier }: RestoreDetail,
): Promise<boolean> {
  const found = await readRestore(storage, plan.name, signal);
  return found !== undefined && (found.startedAt ?? null) !== earlier;
}

/** Beside an unfinished cancel the server answers that it began, and does nothing. */
async function requireNoCancel({ api }: Weaviate, name: string, since: Date): Promise<void> {
  const status = await api.restoreStatus(name);
  if (status?.status !== 'CANCELLING') return;
  const says = `${api.server} is still cancelling an earlier restore of backup ${name}`;
  if (Date.now() - since.getTime() < CANCELLING_MS) {
    throw new HoldfastError('TARGET_BUSY', `${says}.`);
  }
  throw new HoldfastError('JOB_STUCK', `${says}, for ten minutes now.`, {
    hint: `When no restore runs on any node, remove the object ${name}/restore_config.json from the server's storage.`,
  });
}

/** @throws DESTINATION_CHANGED when something has come into the way that nobody agreed to lose */
async function makeRoom({ database, client }: Weaviate, detail: RestoreDetail): Promise<void> {
  const { drops, classes } = detail;
  const wanted = new Set(classes.map(({ name }) => name.toLowerCase()));
  const present = (await database.classes()).map(({ name }) => name);
  const inTheWay = present.filter((name) => wanted.has(name.toLowerCase()));
  const unexpected = inTheWay.filter((name) => !drops.classes.includes(name));
  if (unexpected.length > 0) {
    throw new HoldfastError(
      'DESTINATION_CHANGED',
      `${client.server} has the classes ${told(unexpected)} now, which were not there when the restore was planned; nothing was changed.`,
    );
  }
  for (const name of inTheWay) await database.dropClass(name);
  for (const name of drops.aliases) await database.dropAlias(name);
}
