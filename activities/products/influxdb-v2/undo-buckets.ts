import { formatDuration } from '../../config/duration.ts';
import type { LiveBucket, Resources } from './resources.ts';
import { moveMappings } from './move-mappings.ts';
import { moveScrapers } from './move-scrapers.ts';
import {
  createdBy,
  type PlannedBucket,
  type RestoreState,
  type SomeBuckets,
} from './restore-detail.ts';

/** Removes the buckets that bear this run's name, or keeps them under one that says what they are. */
export async function undoBuckets(
  plan: SomeBuckets,
  keep: boolean,
  state: RestoreState | undefined,
  resources: Resources,
): Promise<{ removed: string[]; quarantined: string[] }> {
  const removed: string[] = [];
  const quarantined: string[] = [];
  const organisations = new Map(
    (await resources.organisations()).map((organisation) => [organisation.name, organisation]),
  );
  const live = await resources.buckets();
  for (const planned of plan.buckets) {
    const orgID = organisations.get(planned.organisation)?.id;
    const at = (name: string) => live.find((one) => one.orgID === orgID && one.name === name);
    const made = at(planned.temporary);
    const name = `${planned.name}.unproven-${plan.run}`;
    if (made && keep) {
      await resources.changeBucket(made.id, { name }, `marking bucket ${planned.name} as unproven`);
    } else if (made) {
      await resources.removeBucket(made.id);
      removed.push(`${planned.organisation}/${planned.temporary}`);
    }
    // Also where an earlier attempt has set it aside, and its answer is lost.
    if ((made && keep) || at(name)) {
      quarantined.push(`${planned.organisation}/${name}${keptFor(planned)}`);
    }
    await putBack(planned, live, at, resources);
    const holder = at(planned.name);
    // Whatever else bears the name is somebody else's.
    const ours = holder && holder.id === state?.buckets?.[planned.from]?.id;
    if (!ours) continue;
    // A run that ended while it moved mappings may have removed one and not made it again.
    await moveMappings(planned, holder, resources);
    await moveScrapers(planned, holder, resources);
  }
  for (const name of new Set(plan.buckets.map(({ organisation }) => organisation))) {
    const organisation = organisations.get(name);
    if (organisation?.description !== createdBy(plan.run)) continue;
    const holds = (await resources.buckets()).some(
      (bucket) => bucket.orgID === organisation.id && !bucket.name.startsWith('_'),
    );
    if (holds) continue;
    await resources.removeOrganisation(organisation.id);
    removed.push(`organisation ${name}`);
  }
  return { removed, quarantined };
}

/** What is not proven is not made to expire: a person is to look at it first. */
function keptFor({ retention: { everySeconds } }: PlannedBucket): string {
  if (everySeconds === 0) return '';
  return ` (it was restored to keep its data for ever; in the backup they are kept ${formatDuration(everySeconds * 1000)})`;
}

/** A run that ended between two renames has set the old bucket aside and put nothing in its place. */
async function putBack(
  { name, replaces }: PlannedBucket,
  live: LiveBucket[],
  at: (name: string) => LiveBucket | undefined,
  resources: Resources,
): Promise<void> {
  if (!replaces || at(name)) return;
  const old = live.find(({ id }) => id === replaces.id);
  if (old?.name !== replaces.keptAs) return;
  await resources.changeBucket(old.id, { name }, `giving bucket ${name} its name back`);
}
