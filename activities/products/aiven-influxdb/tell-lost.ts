import type { Warning } from '../../../workflows/contract/progress.ts';
import type { LostShards } from './lost-shards.ts';

/** Warnings of one kind that are told one by one. */
const TOLD = 20;
const MEND =
  'Ask the vendor for the log of InfluxDB; unless the loss is right, `latest` passes over this one.';

export function tellLost({ backup, absent, emptied, gone }: LostShards): Warning[] {
  return [
    ...bounded('SHARD_UNREADABLE', [
      ...absent.map((subject) => ({
        subject,
        message: `${subject} is not in this backup: backup ${backup} holds it, the metadata of the service still name it, and its retention cannot have removed it. InfluxDB could not open it at its start, or it was dropped while the backup was made. ${MEND}`,
      })),
      ...emptied.map((subject) => ({
        subject,
        message: `${subject} is in this backup without files that backup ${backup} holds, and nothing has taken their place: InfluxDB could not read them at its start and put them aside, or all of their points were deleted. ${MEND}`,
      })),
    ]),
    ...bounded(
      'SHARD_GONE',
      gone.map((subject) => ({
        subject,
        message: `${subject} stands in the metadata, and the backup of the service does not hold it: no restore brings it back.`,
      })),
    ),
  ];
}

function bounded(code: string, shards: { subject: string; message: string }[]): Warning[] {
  const told = shards.slice(0, TOLD).map((one) => ({ code, ...one }));
  const more = shards.length - told.length;
  if (more === 0) return told;
  const message = `${more} further shards stand in the metadata, and the backup of the service lacks them or files of theirs.`;
  return [...told, { code, message }];
}
