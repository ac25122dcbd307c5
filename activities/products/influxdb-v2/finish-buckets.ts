import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import { moveMappings } from './move-mappings.ts';
import { moveScrapers } from './move-scrapers.ts';
import { replicationsOf } from './replications-of.ts';
import type { Resources } from './resources.ts';
import type { PlannedBucket, RestoreState, SomeBuckets } from './restore-detail.ts';
import { retentionRules } from './retention.ts';

/**
 * Gives every proven bucket its name, and its retention back. May be repeated after any step. All names are looked at
 * before the first is given, so that a name that somebody took meanwhile leaves nothing half done.
 */
export async function finishBuckets(
  plan: SomeBuckets,
  state: RestoreState,
  resources: Resources,
): Promise<{ restored: string[]; warnings: Warning[] }> {
  const live: { planned: PlannedBucket; bucket: LiveBucket }[] = [];
  for (const planned of plan.buckets) {
    const bucket = await liveBucket(planned, state, resources);
    await checkName(planned, bucket, resources);
    live.push({ planned, bucket });
  }
  const restored: string[] = [];
  const warnings: Warning[] = [];
  for (const { planned, bucket } of live) {
    try {
      warnings.push(...(await finishBucket(planned, bucket, resources)));
    } catch (error) {
      throw restored.length === 0 ? error : alsoDone(error, restored);
    }
    restored.push(`${planned.organisation}/${planned.name}`);
  }
  return { restored, warnings };
}

interface LiveBucket {
  id: string;
  orgID: string;
  name: string;
}

async function liveBucket(
  { from, organisation, temporary }: PlannedBucket,
  state: RestoreState,
  resources: Resources,
): Promise<LiveBucket> {
  const id = state.buckets?.[from]?.id ?? '';
  const live = await resources.bucket(id);
  if (live) return { id, orgID: live.orgID, name: live.name };
  throw new HoldfastError(
    'DESTINATION_CHANGED',
    `The restored bucket ${organisation}/${temporary} is not there any more.`,
  );
}

async function checkName(
  { organisation, name, replaces }: PlannedBucket,
  { id, orgID }: LiveBucket,
  resources: Resources,
): Promise<void> {
  const holder = await resources.bucketNamed(orgID, name);
  const expected = holder === undefined || holder.id === id || holder.id === replaces?.id;
  if (!expected) throw nameTaken(organisation, name);
}

async function finishBucket(
  planned: PlannedBucket,
  bucket: LiveBucket,
  resources: Resources,
): Promise<Warning[]> {
  const { organisation, name, replaces } = planned;
  if (replaces && bucket.name !== name) await setAside(planned, bucket.orgID, resources);
  await giveName(planned, bucket, resources);
  if (!replaces) return [];
  await moveMappings(planned, bucket, resources);
  await moveScrapers(planned, bucket, resources);
  const bound = await replicationsOf(replaces.id, bucket.orgID, resources);
  const anew =
    bound.length > 0
      ? ` Its replications stay with it, so make them anew: ${bound.join(', ')}.`
      : '';
  return [
    {
      code: 'REPLACED_KEPT',
      subject: `${organisation}/${name}`,
      message: `The bucket that was replaced is kept as ${organisation}/${replaces.keptAs}; remove it when nobody needs it.${anew}`,
    },
  ];
}

/** The undoing removes what still bears a temporary name; whoever reads the failure must know what stays. */
function alsoDone(error: unknown, restored: string[]): unknown {
  if (!(error instanceof HoldfastError)) return error;
  const message = `${error.message} Already restored, proven and kept: ${restored.join(', ')}.`;
  return new HoldfastError(error.code, message, { cause: error, hint: error.hint });
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
  { id, orgID, name: current }: LiveBucket,
  resources: Resources,
): Promise<void> {
  // Done by an earlier attempt: its retention is the operator's since.
  if (current === name) return;
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
    `During the restore somebody else gave a bucket the name ${organisation}/${name}; what was restored is kept under another.`,
  );
}
