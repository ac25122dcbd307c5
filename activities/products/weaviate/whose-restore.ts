import type { PlannedJob } from '../delegated.ts';
import { readRestore, type RestoreDescriptor } from './descriptors.ts';
import { detailOf, type RestoreState } from './restore-detail.ts';
import type { Weaviate } from './session.ts';

/**
 * Whose restore the server tells of. It knows them by the name of the backup alone, so what it says and does under that
 * name may concern a restore that somebody else began; its file in the storage says when one began, and of which classes.
 */
export type Whose =
  /** It is this run's: known by its time, or by what was there before the request and by its classes. */
  | 'ours'
  /** This run's was told of before, and another has taken its place. */
  | 'superseded'
  /** It is not this run's, or there is none. */
  | 'not ours';

export interface Told {
  whose: Whose;
  startedAt: string | undefined;
}

export async function whoseRestore(
  { storage, signal }: Weaviate,
  plan: PlannedJob,
  state: RestoreState | undefined,
): Promise<Told> {
  const found = await readRestore(storage, plan.name, signal);
  const startedAt = found?.startedAt ?? undefined;
  // A file that is gone says nothing against a restore that the server accepted.
  if (!found) return { whose: state?.startedAt === undefined ? 'not ours' : 'ours', startedAt };
  if (state?.startedAt !== undefined) {
    return { whose: startedAt === state.startedAt ? 'ours' : 'superseded', startedAt };
  }
  const ours = isLater(startedAt, plan, state) && isOfPlan(found, plan);
  return { whose: ours ? 'ours' : 'not ours', startedAt };
}

/** Whether it began after this run's first request. */
function isLater(
  startedAt: string | undefined,
  plan: PlannedJob,
  state: RestoreState | undefined,
): boolean {
  if (startedAt === undefined) return false;
  if (state?.earlier !== undefined) return startedAt !== state.earlier;
  // Every request of this run was refused: whatever runs is another's.
  if (!state && plan.asked === null) return false;
  const before = plan.asked?.look['earlier'];
  return startedAt !== before && startedAt !== detailOf(plan).earlier;
}

/** The server writes down which classes it was asked for. */
function isOfPlan({ nodes }: RestoreDescriptor, plan: PlannedJob): boolean {
  const asked = new Set(Object.values(nodes ?? {}).flatMap((node) => node?.classes ?? []));
  const { classes } = detailOf(plan);
  return asked.size === classes.length && classes.every(({ name }) => asked.has(name));
}
