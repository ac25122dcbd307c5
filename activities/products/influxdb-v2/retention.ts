import type { Warning } from '../../../workflows/contract/progress.ts';
import { fullName, shardsOf, type Bucket } from './buckets.ts';
import type { Retention } from './restore-detail.ts';

/** Warnings that are told one by one. */
const TOLD = 20;
const NANOSECONDS = 1_000_000_000n;

/** Seconds, as the server's API takes them. They fit a double where nanoseconds do not. */
export function retentionOf(bucket: Bucket): Retention {
  const policy = bucket.retentionPolicies[0];
  return {
    everySeconds: toSeconds(policy?.duration ?? 0),
    shardGroupSeconds: toSeconds(policy?.shardGroupDuration ?? 0),
  };
}

/** The rule that a request to the API carries. */
export function retentionRules({ everySeconds, shardGroupSeconds }: Retention) {
  return [
    {
      type: 'expire' as const,
      everySeconds,
      ...(shardGroupSeconds > 0 && { shardGroupDurationSeconds: shardGroupSeconds }),
    },
  ];
}

/** Old data of a bucket that does not keep for ever comes back, and goes again as soon as the server looks. */
export function expiringSoon(buckets: Bucket[], now: Date): Warning[] {
  const found = buckets.flatMap((bucket): Warning[] => {
    const { everySeconds } = retentionOf(bucket);
    if (everySeconds === 0) return [];
    const expired = [...shardsOf(bucket)].filter(
      ({ group }) => Date.parse(group.endTime) + everySeconds * 1000 < now.getTime(),
    ).length;
    if (expired === 0) return [];
    const subject = fullName(bucket);
    return [
      {
        code: 'RETENTION_EXPIRES',
        subject,
        message: `${subject} keeps data for ${everySeconds} s: ${expired} of its shards are older, and the server removes them soon after the restore. To keep them, lengthen the retention at once.`,
      },
    ];
  });
  if (found.length <= TOLD) return found;
  const code = 'RETENTION_EXPIRES';
  const message = `The server removes old shards of ${found.length - TOLD} further buckets soon after the restore.`;
  return [...found.slice(0, TOLD), { code, message }];
}

function toSeconds(nanoseconds: number | bigint): number {
  return Number(BigInt(nanoseconds) / NANOSECONDS);
}
