import { join } from 'node:path';
import type { Entry } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';
import { compareFiles } from '../../pipeline/tsm/compare-files.ts';
import { readShard, type ShardContent } from '../../pipeline/tsm/read-shard.ts';
import { CameBackWrong } from '../../pipeline/tsm/came-back-wrong.ts';
import { contentDifference } from '../../pipeline/tsm/content-difference.ts';
import { TsmFault } from '../../pipeline/tsm/tsm-fault.ts';
import type { VisitSeries } from '../../pipeline/tsm/tsm-index.ts';
import type { Proof } from '../product.ts';
import type { Span } from './ask-measurements.ts';
import type { InfluxV1Client } from './client.ts';
import { countDifference } from './counts.ts';
import { everySeriesFound } from './every-series.ts';
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
  const { subject, shard, span } = proof;
  const spool = join(proof.spool, `shard-${shard}.tsm`);
  const readBack = async (visit?: VisitSeries): Promise<ShardContent> => {
    try {
      return await readShard(downloadShard(client.snapshots, shard), { subject, spool, visit });
    } catch (error) {
      if (error instanceof TsmFault) {
        throw new CameBackWrong(`a file that came back ${error.message}`);
      }
      // A server that has no such shard, or nothing in it, sends nothing at all.
      if (!(error instanceof HoldfastError) || error.code !== 'SOURCE_TRUNCATED') throw error;
      throw new CameBackWrong('the server does not send it back whole');
    }
  };
  let restored: ShardContent;
  let compared: Proof;
  try {
    restored = await readBack();
    compared = await compareWithBackup(proof, restored, readBack, spool);
  } catch (error) {
    if (error instanceof CameBackWrong) return { result: 'different', reason: error.message };
    throw error;
  }
  if (compared.result === 'different') return compared;
  const same = compared.result === 'identical' && !restored.tombstones;
  if (same && (await everySeriesFound(client, restored.content, span, subject))) return compared;
  const { difference, more } = await countDifference(client, restored.content, span, subject);
  if (difference !== undefined) return { result: 'different', reason: difference };
  return more ? { result: 'equivalent' } : compared;
}

async function compareWithBackup(
  { subject, recorded, original }: ShardProof,
  { files, content }: ShardContent,
  readBack: (visit: VisitSeries) => Promise<ShardContent>,
  spool: string,
): Promise<Proof> {
  const read = async (visit?: VisitSeries) => {
    try {
      return await readShard(original(), { subject, spool, visit });
    } catch (error) {
      if (!(error instanceof TsmFault)) throw error;
      throw new HoldfastError('BACKUP_DAMAGED', `${subject} in the backup ${error.message}.`, {
        cause: error,
      });
    }
  };
  const wanted = (recorded ?? (await read()).files).filter(({ name }) => name.endsWith('.tsm'));
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
  const difference = await contentDifference({
    original: async (visit) => (await read(visit)).content,
    restored: async (visit) => (visit ? (await readBack(visit)).content : content),
    mayGrow: true,
  });
  if (difference === undefined) return { result: 'equivalent' };
  return { result: 'different', reason: `${difference}; ${counts}` };
}
