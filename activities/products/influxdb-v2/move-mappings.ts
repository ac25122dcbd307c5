import type { Resources } from './resources.ts';
import type { PlannedBucket } from './restore-detail.ts';

/** The server allows one mapping per database and policy, so the old one goes first; the plan remembers it. */
export async function moveMappings(
  { replaces }: PlannedBucket,
  { id, orgID }: { id: string; orgID: string },
  resources: Resources,
): Promise<void> {
  if (!replaces || replaces.mappings.length === 0) return;
  const there = await resources.mappings(orgID);
  for (const { id: old, database, retentionPolicy, default: isDefault } of replaces.mappings) {
    const current = there.find(
      (one) => one.database === database && one.retention_policy === retentionPolicy,
    );
    if (current?.bucketID === id) continue;
    if (current?.id === old) await resources.removeMapping(old, orgID);
    else if (current) continue;
    await resources.createMapping({
      orgID,
      bucketID: id,
      database,
      retention_policy: retentionPolicy,
      default: isDefault,
    });
  }
}
