import { z } from 'zod';
import { told } from '../../few.ts';
import type { Manifest } from '../../catalog/manifest.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { bounded } from './bounded-warnings.ts';
import { fullName, type Bucket } from './buckets.ts';
import type { GoneShards } from './gone-shards.ts';

/** Named in the manifest, which has to stay small. */
const TOLD = 20;

const recordSchema = z.object({ count: z.number(), shards: z.array(z.string()) });

/** What the manifest of a backup keeps of the shards that it lacks. */
export function recordOf({ unreadable: { shards }, unwritten }: GoneShards): {
  unreadable?: z.infer<typeof recordSchema>;
  unwrittenShards?: number;
} {
  return {
    ...(shards.length > 0 && {
      unreadable: { count: shards.length, shards: shards.slice(0, TOLD) },
    }),
    ...(unwritten > 0 && { unwrittenShards: unwritten }),
  };
}

export function tellGone({ removed, unreadable, unsure }: GoneShards): Warning[] {
  return [
    ...bounded(
      'SHARD_UNREADABLE',
      unreadable.shards,
      (subject) =>
        `${subject} is not in this backup: backup ${unreadable.backup} holds it, and the server still names it and does not have it, so influxd could not open it at its start, or lost its files. See the log of influxd, mend it, and take another backup; unless the loss is right, \`latest\` passes over this one.`,
      (more) => `${more} further shards are named by the server, which does not have them.`,
    ),
    ...bounded(
      'SHARD_GONE',
      removed,
      (subject) =>
        `The server named ${subject}, and removed it before it was taken: by the retention of its bucket, or with it.`,
      (more) => `The server named ${more} further shards, and removed them before they were taken.`,
    ),
    ...(unsure.length > 0 ? [tellUnsure(unsure)] : []),
  ];
}

function tellUnsure(shards: string[]): Warning {
  return {
    code: 'SHARD_GONE',
    message: `The server named ${told(shards)} and did not have them, and nothing tells why: nothing was ever written to them, or influxd could not open them when it was last started, and then its log says so.`,
  };
}

/** What the plan of a restore says of shards that were unreadable when the backup was taken. */
export function lostShards({ id, detail }: Manifest, chosen?: Bucket[]): Warning[] {
  const { count, shards } = recordSchema.safeParse(detail['unreadable']).data ?? {
    count: 0,
    shards: [],
  };
  const names = shards.filter(
    (shard) => chosen?.some((one) => shard.startsWith(`${fullName(one)}/shard `)) ?? true,
  );
  const more = count - shards.length;
  if (names.length + more === 0) return [];
  if (names.length === 0) {
    return [
      {
        code: 'SHARD_UNREADABLE',
        message: `Backup ${id} lacks ${count} shards that the server could not read when it was taken. Those that it names (${told(shards)}) are of other buckets; ${more} are not named.`,
      },
    ];
  }
  return [
    {
      code: 'SHARD_UNREADABLE',
      message: `Backup ${id} lacks shards that the server could not read when it was taken: ${told(names)}${more > 0 ? ` and ${more} more` : ''}. Their points do not come back; an earlier backup holds them.`,
    },
  ];
}
