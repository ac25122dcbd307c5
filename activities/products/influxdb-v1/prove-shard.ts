import { basename, join } from 'node:path';
import type { Warning } from '../../../workflows/contract/progress.ts';
import type { Entry } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';
import { inTurn } from '../../in-turn.ts';
import { compareFiles } from '../../pipeline/tsm/compare-files.ts';
import { FieldCounts } from '../../pipeline/tsm/field-counts.ts';
import {
  readShard,
  type ReadShardOptions,
  type ShardFiles,
} from '../../pipeline/tsm/read-shard.ts';
import { TsmContent } from '../../pipeline/tsm/tsm-content.ts';
import { CameBackWrong } from '../../pipeline/tsm/came-back-wrong.ts';
import { contentDifference } from '../../pipeline/tsm/content-difference.ts';
import { TsmFault } from '../../pipeline/tsm/tsm-fault.ts';
import type { VisitSeries } from '../../pipeline/tsm/tsm-index.ts';
import type { Proof } from '../product.ts';
import type { Span } from './ask-measurements.ts';
import type { InfluxV1Client } from './client.ts';
import { countDifference } from './counts.ts';
import { isEscaped, tellEscaped } from './escaped-names.ts';
import { everySeriesFound } from './every-series.ts';
import { raised } from './raise-generation.ts';
import { downloadShard } from './snapshot-protocol.ts';

export interface ShardProof {
  /** For people: `telemetry/raw/shard 31`. */
  subject: string;
  /** The id at the destination. */
  shard: number;
  span: Span;
  /** What the backup recorded of the shard's files. */
  recorded: Entry[] | undefined;
  original: () => AsyncIterable<Uint8Array>;
  spool: string;
}

/**
 * Reads a restored shard back and compares it with the backup: first by its files, of which a restore keeps every byte;
 * when the server has compacted them since, by what they hold. Then asks whether queries find all of it.
 */
export async function proveShard(client: InfluxV1Client, proof: ShardProof): Promise<Proof> {
  const { subject, span } = proof;
  const counts = new FieldCounts();
  let restored: ShardFiles;
  let compared: Proof;
  try {
    restored = await readBack(client, proof, { into: counts });
    compared = await compareWithBackup(client, proof, restored, counts);
  } catch (error) {
    if (error instanceof CameBackWrong) return { result: 'different', reason: error.message };
    throw error;
  }
  if (compared.result === 'different') return compared;
  const same = compared.result === 'identical' && !restored.tombstones;
  const { held } = counts;
  const escaped = [...(held?.keys() ?? [])].filter(isEscaped);
  const usual = same && escaped.length === 0;
  if (usual && (await everySeriesFound(client, counts, span, subject))) return compared;
  const { difference, more, hidden, uncounted } = held
    ? await countDifference(client, held, span, subject)
    : { more: false, hidden: [], uncounted: TOO_MANY };
  if (difference !== undefined) return { result: 'different', reason: difference };
  const unfound = [
    ...(uncounted === undefined ? [] : [uncounted]),
    ...tellEscaped(escaped, hidden),
  ];
  if (unfound.length === 0) return more ? { result: 'equivalent' } : compared;
  const why = unfound.join('; ');
  if (restored.tombstones && (uncounted !== undefined || hidden.length > 0)) {
    return { result: 'different', reason: `points are marked as deleted there, and ${why}` };
  }
  return { result: 'equivalent', warning: notCounted(subject, why) };
}

const TOO_MANY = 'it has more measurements and fields than can be told apart here';

function notCounted(subject: string, why: string): Warning {
  return {
    code: 'PROOF_PARTIAL',
    subject,
    message: `${subject} came back with all that the backup holds; whether queries find all of it is not proven, since ${why.replace(/\.$/, '')}.`,
  };
}

type Reading = Pick<ReadShardOptions, 'into' | 'visit'>;

async function readBack(
  client: InfluxV1Client,
  { subject, shard, spool }: ShardProof,
  reading: Reading,
): Promise<ShardFiles> {
  try {
    const options = { subject, spool: spoolOf(spool, shard), ...reading };
    return await readShard(downloadShard(client.snapshots, shard), options);
  } catch (error) {
    if (error instanceof TsmFault) {
      throw new CameBackWrong(`a file that came back ${error.message}`);
    }
    // A server that has no such shard, or nothing in it, sends nothing at all.
    if (!(error instanceof HoldfastError) || error.code !== 'SOURCE_TRUNCATED') throw error;
    throw new CameBackWrong('the server does not send it back whole');
  }
}

async function readOriginal(
  { subject, shard, original, spool }: ShardProof,
  reading: Reading,
): Promise<ShardFiles> {
  try {
    return await readShard(original(), { subject, spool: spoolOf(spool, shard), ...reading });
  } catch (error) {
    if (!(error instanceof TsmFault)) throw error;
    throw new HoldfastError('BACKUP_DAMAGED', `${subject} in the backup ${error.message}.`, {
      cause: error,
    });
  }
}

function spoolOf(folder: string, shard: number): string {
  return join(folder, `shard-${shard}.tsm`);
}

async function compareWithBackup(
  client: InfluxV1Client,
  proof: ShardProof,
  { files }: ShardFiles,
  { series }: FieldCounts,
): Promise<Proof> {
  const recorded = proof.recorded ?? (await readOriginal(proof, { into: new FieldCounts() })).files;
  const wanted = recorded
    .filter(({ name }) => name.endsWith('.tsm'))
    .map((entry) => ({ ...entry, name: raised(basename(entry.name)) }));
  const { same, altered, lost } = compareFiles(wanted, files);
  if (altered > 0) {
    const reason = `${altered} of ${wanted.length} files came back altered`;
    return { result: 'different', reason };
  }
  if (same === wanted.length) {
    // More files than that are points that somebody has written since.
    return { result: files.length === wanted.length ? 'identical' : 'equivalent' };
  }
  const counts = `${files.length} of ${wanted.length} files came back`;
  if (lost) return { result: 'different', reason: counts };
  const contentOf = async (read: (reading: Reading) => Promise<unknown>, visit?: VisitSeries) => {
    const into = new TsmContent();
    await read({ into, visit });
    return into;
  };
  const compare = () =>
    contentDifference({
      original: (visit) => contentOf((reading) => readOriginal(proof, reading), visit),
      restored: async (visit) =>
        visit === undefined && series
          ? series
          : contentOf((reading) => readBack(client, proof, reading), visit),
      mayGrow: true,
    });
  // All of its series have to be in memory.
  const difference = await (series ? compare() : inTurn(client.snapshots.signal, compare));
  if (difference === undefined) return { result: 'equivalent' };
  return { result: 'different', reason: `${difference}; ${counts}` };
}
