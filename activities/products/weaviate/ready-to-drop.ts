import type { FailureCode } from '../../../workflows/contract/failures.ts';
import { eachBounded } from '../../each-bounded.ts';
import { HoldfastError } from '../../failure.ts';
import type { PlannedJob } from '../delegated.ts';
import { readGlobal, readRestore, restoreKey } from './descriptors.ts';
import { stateOf, timeOf } from './job-status.ts';
import { lifeOf } from './lost-restore.ts';
import { requireHealthy } from './preflight.ts';
import { requireNodes } from './require-nodes.ts';
import type { Weaviate } from './session.ts';

/**
 * What servers tell of their own memory. Since 1.36 their file says so too, and for ever when they die; but a restore that
 * runs says nothing else, and a node that is not its coordinator does not know of it.
 */
const FROM_MEMORY = ['TRANSFERRING', 'TRANSFERRED'];
/** Another word that nobody can say is out of date is believed for so long: a restore begins with it. */
const ONE_NODE_MS = 60_000;
const SEVERAL_NODES_MS = 10 * 60_000;
/** Of the backup of others, which this key may not see or which cannot be read, its file has to do. */
const SAYS_NOTHING: FailureCode[] = ['PERMISSION_MISSING', 'TARGET_ERROR', 'TARGET_REFUSED'];
/** No restore takes longer. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * Looks for what would make the server refuse the restore, before anything is dropped for it: once that is done, every
 * refusal leaves the database without those classes.
 * @param since when this run first asked
 * @throws TARGET_BUSY while another restore runs, TARGET_ERROR while a node is away, CONFIG_INVALID
 */
export async function requireReadyToDrop(
  weaviate: Weaviate,
  { name }: PlannedJob,
  since: Date,
): Promise<void> {
  const { database, connection, client, storage, signal } = weaviate;
  const nodes = await database.nodes();
  requireHealthy(nodes, connection, client.server);
  const written = await readGlobal(storage, name, signal);
  requireNodes(Object.keys(written?.nodes ?? {}), nodes, weaviate);
  const patienceMs = nodes.length === 1 ? ONE_NODE_MS : SEVERAL_NODES_MS;
  const believed = Date.now() - since.getTime() < patienceMs;
  const folders = await storage.folders('', { signal });
  await eachBounded(folders, weaviate.concurrency, async (other) => {
    const says = await unfinished(weaviate, other);
    if (says === undefined) return;
    const life = await lifeOf(weaviate, other);
    if (life === 'lost') return;
    if (life === 'unknown' && !believed && !FROM_MEMORY.includes(says)) return;
    throw new HoldfastError(
      'TARGET_BUSY',
      `${client.server} says ${says} of its restore of backup ${other}, and makes one restore at a time: nothing was dropped.`,
      {
        hint: `The run begins when that one has ended. When none runs on any node, remove the object ${restoreKey(other)} from the server's storage.`,
      },
    );
  });
}

/** @returns the server's word, when it tells of no end */
async function unfinished(
  { storage, api, signal }: Weaviate,
  name: string,
): Promise<string | undefined> {
  const stored = await readRestore(storage, name, signal);
  if (!stored || stateOf(stored) !== 'running') return undefined;
  const startedAt = timeOf(stored.startedAt);
  if (startedAt && Date.now() - startedAt.getTime() > LONGEST_MS) return undefined;
  const told = await api.restoreStatus(name).catch((error: unknown) => {
    if (error instanceof HoldfastError && SAYS_NOTHING.includes(error.code)) return stored;
    throw error;
  });
  return told && stateOf(told) === 'running' ? told.status : undefined;
}
