import { setTimeout as sleep } from 'node:timers/promises';
import type { Undone } from '../../../workflows/contract/activities.ts';
import type { PlannedJob } from '../delegated.ts';
import { few, told } from '../../few.ts';
import { makerOf, tracesOf, type Maker } from './made-by.ts';
import { detailOf, stateFrom } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
import { whoseRestore } from './whose-restore.ts';

/** A restore that was cancelled has been seen to go on for a moment. */
const LOOKS = 3;
const PAUSE_MS = 2_000;

/**
 * Removes the classes that this restore created, and no other; what was dropped for it cannot come back.
 * @param early classes that were seen before it can have created any
 */
export async function undoRestore(
  weaviate: Weaviate,
  plan: PlannedJob,
  state: Record<string, unknown> | undefined,
  keep: boolean,
  early: ReadonlySet<string>,
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
  let left: string[] = [];
  if (known || whose === 'ours') {
    for (let look = 0; look < LOOKS; look += 1) {
      if (look > 0) await sleep(PAUSE_MS, undefined, { signal });
      left = [];
      for (const [name, maker] of await makers(weaviate, plan, early)) {
        if (maker !== 'the restore') left.push(`class ${name} (${LEFT[maker]})`);
        else if (keep) left.push(`class ${name} (not proven, under its own name)${note}`);
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
    quarantined: few(left),
    ...(lost.length > 0 && { lost: few(lost.map((name) => `class ${name}`)) }),
  };
}

const LEFT: Record<Exclude<Maker, 'the restore'>, string> = {
  'somebody else': 'made by somebody else meanwhile',
  unknown:
    'no object in it tells whether the restore or somebody else made it; drop it if nobody wants it',
};

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

/** Of the classes that it was to bring and that are there now. */
async function makers(
  weaviate: Weaviate,
  plan: PlannedJob,
  early: ReadonlySet<string>,
): Promise<[name: string, maker: Maker][]> {
  const present = new Map((await weaviate.database.classes()).map((one) => [one.name, one]));
  const wanted = detailOf(plan).classes.filter(({ name }) => present.has(name));
  if (wanted.length === 0) return [];
  const traces = await tracesOf(weaviate, plan.name, early);
  const found: [string, Maker][] = [];
  for (const one of wanted) {
    const there = present.get(one.name);
    if (there) found.push([one.name, await makerOf(weaviate, one, there, traces)]);
  }
  return found;
}
