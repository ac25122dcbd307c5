import { HoldfastError } from '../../failure.ts';
import type { PlannedJob, RequestNotes } from '../delegated.ts';
import { readGlobal, readRestore } from './descriptors.ts';
import { told } from '../../few.ts';
import { stateOf } from './job-status.ts';
import { requireReadyToDrop } from './ready-to-drop.ts';
import { detailOf, type RestoreDetail, type RestoreState } from './restore-detail.ts';
import { madeAnew, STOP_WRITERS } from './replaced-classes.ts';
import type { Weaviate } from './session.ts';
import { startRefusal } from './start-refusal.ts';
import { aliasesInTheWay, toldAliases } from './taken-aliases.ts';
import { whoseRestore } from './whose-restore.ts';

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
  notes?: RequestNotes,
): Promise<RestoreState> {
  const { api, database, connection, client } = weaviate;
  const detail = detailOf(plan);
  const begun = await whoseRestore(weaviate, plan, undefined);
  if (begun.whose === 'ours') return accepted(begun.startedAt);
  await requireNoCancel(weaviate, plan.name, since);
  const there = await api.status(plan.name);
  if (!there || stateOf(there) !== 'succeeded') {
    throw new HoldfastError(
      'TARGET_REFUSED',
      `${client.server} finds no whole backup ${plan.name} in its storage: it says ${there?.status ?? 'that there is none'}.`,
      { hint: 'Check that `connection.storage` is the place that the server restores from.' },
    );
  }
  const nodeMapping = await mappingOf(weaviate, plan);
  await makeRoom(weaviate, plan, since);
  const { bucket, path, cpuPercentage } = connection;
  const earlier = await startedAt(weaviate, plan);
  await notes?.asking({ earlier: earlier ?? null });
  const ask = api.restore(plan.name, {
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
  const complaint = await ask.catch((error: unknown) => {
    throw sayingDropped(error, detail);
  });
  if (!complaint) {
    const shown = await startedAt(weaviate, plan);
    return accepted(shown === earlier ? undefined : shown, earlier);
  }
  if (REFUSED.includes(complaint.status)) await notes?.refused();
  const refused = startRefusal(complaint, {
    server: client.server,
    operation: `beginning the restore of backup ${plan.name}`,
    version: (await database.meta()).version,
    elapsedMs: Date.now() - since.getTime(),
  });
  throw sayingDropped(refused, detail);
}

/** Whoever sees this run wait has to know at once what is missing meanwhile. */
function sayingDropped(error: unknown, { drops, taken = [] }: RestoreDetail): unknown {
  const aliases = taken.filter(({ alias }) => drops.aliases.includes(alias));
  const dropped = [
    ...(drops.classes.length > 0 ? [`The classes ${told(drops.classes)}`] : []),
    ...(aliases.length > 0 ? [`The aliases ${toldAliases(aliases)}`] : []),
  ];
  if (!(error instanceof HoldfastError) || dropped.length === 0) return error;
  const { code, message, hint, cause } = error;
  const until = error.retryable ? 'are missing until the restore has begun' : 'are missing now';
  const missing = dropped.map((what) => `${what} were dropped for it and ${until}.`);
  return new HoldfastError(code, [message, ...missing].join(' '), { hint, cause });
}

/** Whatever else they say, nothing was begun. */
const REFUSED = [404, 422];

/** When the last restore of the backup began. */
async function startedAt(
  { storage, signal }: Weaviate,
  { name }: PlannedJob,
): Promise<string | undefined> {
  return (await readRestore(storage, name, signal))?.startedAt ?? undefined;
}

function accepted(shown: string | undefined, earlier?: string): RestoreState {
  return {
    version: 1,
    acceptedAt: new Date().toISOString(),
    ...(shown === undefined ? { earlier: earlier ?? null } : { startedAt: shown }),
  };
}

/** Of the nodes that hold a class of this restore alone: a server that is told of another one fails inside. */
async function mappingOf(
  { connection, storage, signal, client }: Weaviate,
  plan: PlannedJob,
): Promise<Record<string, string> | undefined> {
  const { nodeMapping } = connection;
  if (!nodeMapping) return undefined;
  const written = await readGlobal(storage, plan.name, signal);
  if (!written) {
    throw new HoldfastError(
      'TARGET_ERROR',
      `${client.server}: which nodes hold backup ${plan.name} cannot be read in its storage now; nothing was changed.`,
    );
  }
  const chosen = new Set(detailOf(plan).classes.map(({ name }) => name));
  const needed = Object.entries(nodeMapping).filter(([from]) =>
    written.nodes[from]?.classes?.some((name) => chosen.has(name)),
  );
  return needed.length > 0 ? Object.fromEntries(needed) : undefined;
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
async function makeRoom(weaviate: Weaviate, plan: PlannedJob, since: Date): Promise<void> {
  const { database, client } = weaviate;
  const { drops, classes } = detailOf(plan);
  const wanted = new Set(classes.map(({ name }) => name.toLowerCase()));
  const present = (await database.classes()).filter(({ name }) => wanted.has(name.toLowerCase()));
  const inTheWay = present.map(({ name }) => name);
  const unexpected = inTheWay.filter((name) => !drops.classes.includes(name));
  if (unexpected.length > 0) {
    throw new HoldfastError(
      'DESTINATION_CHANGED',
      `${client.server} has the classes ${told(unexpected)} now, which were not there when the restore was planned; nothing was changed.`,
    );
  }
  const anew = await madeAnew(weaviate, plan, present);
  if (anew.length > 0) {
    throw new HoldfastError(
      'DESTINATION_CHANGED',
      `${client.server}: the classes ${told(anew)} are not those that were there when the restore was planned: somebody else made them since, and they are not dropped.`,
      { hint: STOP_WRITERS },
    );
  }
  const aliases = await aliasesInTheWay(weaviate, plan);
  if (inTheWay.length + aliases.length > 0) await requireReadyToDrop(weaviate, plan, since);
  // First, for unlike a class they can be put back when a later request is refused.
  for (const name of aliases) await database.dropAlias(name);
  for (const name of inTheWay) await database.dropClass(name);
}
