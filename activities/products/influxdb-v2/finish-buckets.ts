import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import { moveMappings } from './move-mappings.ts';
import type { Resources } from './resources.ts';
import type { PlannedBucket, RestoreState, SomeBuckets } from './restore-detail.ts';
import { retentionRules } from './retention.ts';

/** Gives every proven bucket its name, and its retention back. May be repeated after any step. */
export async function finishBuckets(
  plan: SomeBuckets,
  state: RestoreState,
  resources: Resources,
): Promise<{ restored: string[]; warnings: Warning[] }> {
  const warnings: Warning[] = [];
  for (const planned of plan.buckets) {
    const id = state.buckets?.[planned.from]?.id ?? '';
    const live = await resources.bucket(id);
    if (live === undefined) {
      throw new HoldfastError(
        'DESTINATION_CHANGED',
        `The restored bucket ${planned.organisation}/${planned.temporary} is not there any more.`,
      );
    }
    if (planned.replaces && live.name !== planned.name)
      await setAside(planned, live.orgID, resources);
    await giveName(planned, { id, orgID: live.orgID }, resources);
    if (planned.replaces) {
      await moveMappings(planned, { id, orgID: live.orgID }, resources);
      warnings.push({
        code: 'REPLACED_KEPT',
        subject: `${planned.organisation}/${planned.name}`,
        message: `The bucket that was replaced is kept as ${planned.organisation}/${planned.replaces.keptAs}; remove it when nobody needs it.`,
      });
    }
  }
  return {
    restored: plan.buckets.map(({ organisation, name }) => `${organisation}/${name}`),
    warnings,
  };
}

/** Renames the old bucket, unless that is done, or the name is nobody's any more. */
async function setAside(
  { organisation, name, replaces }: PlannedBucket,
  orgID: string,
  resources: Resources,
): Promise<void> {
  if (!replaces) return;
  const holder = await resources.bucketNamed(orgID, name);
  if (holder === undefined) return;
  if (holder.id !== replaces.id) throw nameTaken(organisation, name);
  await resources.changeBucket(
    replaces.id,
    { name: replaces.keptAs },
    `setting bucket ${name} aside as ${replaces.keptAs}`,
  );
}

async function giveName(
  { organisation, name, description, retention }: PlannedBucket,
  { id, orgID }: { id: string; orgID: string },
  resources: Resources,
): Promise<void> {
  const holder = await resources.bucketNamed(orgID, name);
  if (holder !== undefined && holder.id !== id) throw nameTaken(organisation, name);
  await resources.changeBucket(
    id,
    { name, description, retentionRules: retentionRules(retention) },
    `naming the restored bucket ${name}`,
  );
}

function nameTaken(organisation: string, name: string): HoldfastError {
  return new HoldfastError(
    'DESTINATION_CHANGED',
    `During the restore somebody else gave a bucket the name ${organisation}/${name}; what was restored keeps its temporary name.`,
  );
}
