import { setTimeout as sleep } from 'node:timers/promises';
import type { Undone } from '../../../workflows/contract/activities.ts';
import type { PlannedJob } from '../delegated.ts';
import { few, told } from '../../few.ts';
import { makersOf, type Maker } from './made-by.ts';
import { madeAnew, STOP_WRITERS } from './replaced-classes.ts';
import { detailOf, stateFrom } from './restore-detail.ts';
import type { Weaviate } from './session.ts';
import { putAliasesBack, toldAliases } from './taken-aliases.ts';
import { whoseRestore } from './whose-restore.ts';

/** A restore that was cancelled has been seen to go on for a moment. */
const LOOKS = 3;
const PAUSE_MS = 2_000;

/**
 * Removes the classes that this restore created, and no other. Classes that were dropped for it cannot come back;
 * aliases can.
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
  /** What stands there now, by its maker. */
  const ofRestore = new Set<string>();
  const ofOthers = new Set<string>();
  let left: string[] = [];
  const begun = known !== undefined || whose === 'ours';
  if (begun) {
    for (let look = 0; look < LOOKS; look += 1) {
      if (look > 0) await sleep(PAUSE_MS, undefined, { signal });
      left = [];
      ofRestore.clear();
      ofOthers.clear();
      for (const [name, maker] of await makersOf(weaviate, plan, early)) {
        if (maker === 'somebody else') ofOthers.add(name);
        if (maker !== 'the restore') left.push(`class ${name} (${LEFT[maker]})`);
        else if (keep) {
          ofRestore.add(name);
          left.push(`class ${name} (not proven, under its own name)${note}`);
        } else {
          await database.dropClass(name);
          removed.add(`class ${name}${note}`);
        }
      }
    }
  }
  const lost = await lostClasses(weaviate, plan, { ofRestore, ofOthers });
  if (!keep && detail.access?.length && begun) lost.unshift(ACCESS);
  const aliases = await putAliasesBack(weaviate, plan, {
    begun,
    kept: ofRestore,
    others: ofOthers,
  });
  return {
    removed: few([...removed]),
    quarantined: few([...left, ...aliases.left]),
    ...(lost.length + aliases.lost.length > 0 && { lost: few([...lost, ...aliases.lost]) }),
  };
}

/** Of the classes that were dropped for it, those that are not there, or not again. */
async function lostClasses(
  weaviate: Weaviate,
  plan: PlannedJob,
  { ofRestore, ofOthers }: Record<'ofRestore' | 'ofOthers', ReadonlySet<string>>,
): Promise<string[]> {
  const { database } = weaviate;
  const present = (await database.classes()).filter(({ name }) => !ofRestore.has(name));
  const anew = new Set(await madeAnew(weaviate, plan, present));
  const lost: string[] = [];
  for (const name of detailOf(plan).drops.classes) {
    if (ofOthers.has(name) || anew.has(name)) lost.push(`class ${name} (${ANOTHER})`);
    else if (!ofRestore.has(name) && !present.some((one) => one.name === name)) {
      await database.requireInSight({ class: name });
      lost.push(`class ${name}`);
    }
  }
  return lost;
}

const ANOTHER = `what stands there now was made by somebody else. ${STOP_WRITERS}`;

const LEFT: Record<Exclude<Maker, 'the restore'>, string> = {
  'somebody else': 'made by somebody else meanwhile',
  unknown:
    'no object in it tells whether the restore or somebody else made it; drop it if nobody wants it',
};

/** The server applies them first, and tells nobody whether it has. */
const ACCESS = 'what the backup does not hold of users, keys and roles (if it came so far)';

/** The answer to the request was lost. */
const UNNAMED =
  ' (by a restore that is known by its time and its classes: the server does not name who began it)';

/** Both came from one backup, so nothing tells their classes apart. */
function superseded({ client }: Weaviate, plan: PlannedJob, startedAt = 'some time'): string {
  const { classes, taken = [] } = detailOf(plan);
  const aliases = taken.length > 0 ? `, and the aliases ${toldAliases(taken)}` : '';
  return (
    `Somebody else began another restore of backup ${plan.name} at ${startedAt}, before the end of this one was seen, and ` +
    'which classes came from which cannot be told: nothing was removed. Checks: (1) wait until GET ' +
    `/v1/backups/{backend}/${plan.name}/restore at ${client.server} says SUCCESS, FAILED or CANCELED; (2) look whether ` +
    `${told(classes.map(({ name }) => name))}${aliases} are as they should be, and drop what nobody wants.`
  );
}
