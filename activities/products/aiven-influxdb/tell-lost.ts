import type { Warning } from '../../../workflows/contract/progress.ts';
import { told } from '../../few.ts';
import type { LostShards } from './lost-shards.ts';

/** Warnings of one kind that are told one by one. */
const TOLD = 20;
const MEND =
  'Ask the vendor for the log of InfluxDB; unless the loss is right, `latest` passes over this one.';

export function tellLost({ backup, absent, emptied, gone, unsure }: LostShards): Warning[] {
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
        message: `${subject} stands in the metadata, and this backup does not hold it, as backup ${backup} does: its retention has passed, and InfluxDB removed it. No restore of this backup brings it back.`,
      })),
    ),
    ...(unsure.length > 0 ? [tellUnsure(unsure)] : []),
  ];
}

/** @param doubtful shards that may have held data, as far as anybody knows */
export function tellWithoutData(doubtful: number): Warning {
  const why =
    doubtful > 0
      ? ` Its metadata name ${doubtful} that may have held data, and no backup before it tells whether they did: unless it is accepted, \`latest\` passes over this one. If the service holds nothing, say so once, with the tag accept-shrunk=yes; else ask the vendor for the log of InfluxDB.`
      : '';
  return {
    code: 'BACKUP_WITHOUT_DATA',
    message: `The backup holds metadata, and no shard.${why}`,
  };
}

function tellUnsure(shards: string[]): Warning {
  return {
    code: 'SHARD_GONE',
    message: `The metadata name ${told(shards)}, and this backup does not hold them; nothing tells why: nothing was ever written to them, they were removed while it was made, or InfluxDB could not open them when it was last started, and then its log says so. No restore of this backup brings them back.`,
  };
}

function bounded(code: string, shards: { subject: string; message: string }[]): Warning[] {
  const first = shards.slice(0, TOLD).map((one) => ({ code, ...one }));
  const more = shards.length - first.length;
  if (more === 0) return first;
  const message = `${more} further shards stand in the metadata, and the backup of the service lacks them or files of theirs.`;
  return [...first, { code, message }];
}
