import { setTimeout as sleep } from 'node:timers/promises';
import type { Undone } from '../../../workflows/contract/activities.ts';
import type { PlannedJob } from '../delegated.ts';
import { few, told } from '../../few.ts';
import { detailOf, stateFrom, type RestoreDetail } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
import { whoseRestore } from './whose-restore.ts';

/** A restore that was cancelled has been seen to go on for a moment. */
const LOOKS = 3;
const PAUSE_MS = 2_000;

/** Removes the classes that this restore created, and no other; what was dropped for it cannot come back. */
export async function undoRestore(
  weaviate: Weaviate,
  plan: PlannedJob,
  state: Record<string, unknown> | undefined,
  keep: boolean,
): Promise<Undone> {
  const { database, signal } = weaviate;
  const detail = detailOf(plan);
  const known = stateFrom(state);
  const { whose, startedAt } = await whoseRestore(weaviate, plan, known);
  if (whose === 'superseded' && !keep) {
    return { removed: [], quarantined: [], unknown: superseded(weaviate, plan, startedAt) };
  }
  const note = known ? '' : UNNAMED;
  const removed = new Set<string>();
  const left = new Set<string>();
  if (known || whose === 'ours') {
    for (let look = 0; look < LOOKS; look += 1) {
      if (look > 0) await sleep(PAUSE_MS, undefined, { signal });
      const { created, foreign } = await findCreated(weaviate, plan.name, detail);
      for (const name of foreign) left.add(`class ${name} (made by somebody else meanwhile)`);
      for (const name of created) {
        if (keep) left.add(`class ${name} (not proven, under its own name)${note}`);
        else {
          await database.dropClass(name);
          removed.add(`class ${name}${note}`);
        }
      }
    }
  }
  const present = new Set((await database.classes()).map(({ name }) => name));
  const lost = detail.drops.classes.filter((name) => !present.has(name));
  return {
    removed: few([...removed]),
    quarantined: few([...left]),
    ...(lost.length > 0 && { lost: few(lost.map((name) => `class ${name}`)) }),
  };
}

/** The answer to the request was lost. */
const UNNAMED =
  ' (by a restore that is known by its time and its classes: the server does not name who began it)';

/** Both came from one backup, so nothing tells their classes apart. */
function superseded({ client }: Weaviate, plan: PlannedJob, startedAt = 'some time'): string {
  const { classes } = detailOf(plan);
  return (
    `Somebody else began another restore of backup ${plan.name} at ${startedAt}, before the end of this one was seen, and ` +
    'which classes came from which cannot be told: nothing was removed. Checks: (1) wait until GET ' +
    `/v1/backups/{backend}/${plan.name}/restore at ${client.server} says SUCCESS, FAILED or CANCELED; (2) look whether ` +
    `${told(classes.map(({ name }) => name))} are as they should be, and drop what nobody wants.`
  );
}

/**
 * None of the classes was there when the restore began. One that is there now came from the backup if its shards bear
 * the backup's names, which are drawn at random; tenants are named by people, so there only the server's words tell.
 */
async function findCreated(
  { database, api }: Weaviate,
  name: string,
  { classes }: RestoreDetail,
): Promise<{ created: string[]; foreign: string[] }> {
  const present = new Set((await database.classes()).map((one) => one.name));
  const candidates = classes.filter((one) => present.has(one.name));
  if (candidates.length === 0) return { created: [], foreign: [] };
  const nodes = await database.nodes('verbose');
  const error = (await api.restoreStatus(name))?.error ?? '';
  const isOurs = (one: RestoreDetail['classes'][number]): boolean => {
    if (!one.shards || one.shards.length === 0) return !refused(error, one.name);
    const live = nodes.flatMap(({ shards }) => shards.filter((shard) => shard.class === one.name));
    // A class without a shard to be seen is one that was created a moment ago.
    if (live.length === 0) return !refused(error, one.name);
    return live.every((shard) => one.shards?.includes(shard.name));
  };
  return {
    created: candidates.filter(isOurs).map((one) => one.name),
    foreign: candidates.filter((one) => !isOurs(one)).map((one) => one.name),
  };
}

function refused(error: string, name: string): boolean {
  return new RegExp(`"${name}":[^"]*already exists`).test(error);
}
