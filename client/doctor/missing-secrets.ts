import { HoldfastError } from '../../activities/failure.ts';
import { readSecret } from '../../activities/secrets.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { secretReferences } from './secret-references.ts';

/** What is wrong with the secrets of a target's connection, also with those that only a restore needs. */
export async function missingSecrets({
  target,
  connection,
}: TargetSnapshot): Promise<HoldfastError[]> {
  const looks = await Promise.allSettled(
    secretReferences(connection, 'connection').map(({ path, reference }) =>
      readSecret(reference, `\`${path}\` of target ${target}`),
    ),
  );
  return looks.flatMap((look) => {
    if (look.status === 'fulfilled') return [];
    if (look.reason instanceof HoldfastError) return [look.reason];
    throw look.reason;
  });
}
