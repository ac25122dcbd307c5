import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Entry } from '../../catalog/manifest.ts';
import { HoldfastError } from '../../failure.ts';
import { createInspector } from '../../pipeline/formats/create-inspector.ts';
import { FormatFault } from '../../pipeline/formats/format-fault.ts';
import { inspected, toSourceFailure } from '../../pipeline/inspected.ts';
import { TarParser } from '../../pipeline/tar/tar-parser.ts';
import { compareFiles, isIn, type ShardPlace } from '../../pipeline/tsm/compare-files.ts';
import { CameBackWrong } from '../../pipeline/tsm/came-back-wrong.ts';
import { contentDifference, type ReadContent } from '../../pipeline/tsm/content-difference.ts';
import { TsmContent } from '../../pipeline/tsm/tsm-content.ts';
import { TsmFault } from '../../pipeline/tsm/tsm-fault.ts';
import type { VisitSeries } from '../../pipeline/tsm/tsm-index.ts';
import type { Proof } from '../product.ts';
import { spoolFailure } from '../../spool-failure.ts';

export interface Comparison {
  /** For people: `acme/telemetry/shard 31`. */
  subject: string;
  /** What the backup recorded of the shard's files. */
  recorded: Entry[] | undefined;
  /** The tar of the backup, decompressed. */
  original: () => AsyncIterable<Uint8Array>;
  /** The tar that the server sends of the restored shard; `gone` when it has none. */
  restored: () => Promise<AsyncIterable<Uint8Array> | 'gone'>;
  /** Where its files must lie at the server; absent when its numbers are not those of the backup. */
  place?: ShardPlace | undefined;
  /** Others may write into it meanwhile: more than the backup holds is no fault. */
  mayGrow: boolean;
  /** A folder for one file at a time, and a name in it that nobody else uses. */
  spool: string;
  name: string;
  signal: AbortSignal;
}

/**
 * Compares a restored shard with the backup. First by its files, of which a restore keeps every byte; when the server
 * has compacted them since, by what they hold.
 */
export async function compare(comparison: Comparison): Promise<Proof> {
  const { recorded, subject, signal } = comparison;
  const came = await comparison.restored();
  if (came === 'gone') return { result: 'different', reason: 'the server has no such shard' };
  const found = await tsmEntries(came, subject, signal);
  const wanted = (recorded ?? (await readEntries(comparison.original(), subject, signal))).filter(
    isTsm,
  );
  const { place } = comparison;
  const astray = place && found.find(({ name }) => !isIn(place, name));
  if (astray) {
    return {
      result: 'different',
      reason: `the server has ${astray.name}, of another shard, there`,
    };
  }
  const files = compareFiles(wanted, found);
  if (files.altered > 0) {
    return {
      result: 'different',
      reason: `${files.altered} of ${wanted.length} files came back altered`,
    };
  }
  if (files.same === wanted.length) {
    if (found.length === wanted.length) return { result: 'identical' };
    if (comparison.mayGrow) return { result: 'equivalent' };
  }
  const counts = `${found.length} of ${wanted.length} files came back`;
  if (files.lost || found.length === 0 || wanted.length === 0) {
    return { result: 'different', reason: counts };
  }
  const changed = changedFile(wanted, found);
  if (changed) return { result: 'different', reason: `${changed} came back with other bytes` };
  return compareContent(comparison, counts);
}

async function compareContent(comparison: Comparison, counts: string): Promise<Proof> {
  const { subject, mayGrow } = comparison;
  const spool = join(comparison.spool, `${comparison.name}.tsm`);
  const restored: ReadContent = async (visit) => {
    const again = await comparison.restored();
    if (again === 'gone') throw new CameBackWrong('the server has no such shard');
    try {
      return await contentOf(again, spool, visit);
    } catch (error) {
      if (error instanceof FormatFault) throw toSourceFailure(error, subject);
      if (!(error instanceof TsmFault)) throw error;
      throw new CameBackWrong(`a file that came back ${error.message}`);
    }
  };
  const original: ReadContent = async (visit) => {
    try {
      return await contentOf(comparison.original(), spool, visit);
    } catch (error) {
      if (!(error instanceof FormatFault || error instanceof TsmFault)) throw error;
      throw new HoldfastError('BACKUP_DAMAGED', `${subject} in the backup ${error.message}.`, {
        cause: error,
      });
    }
  };
  try {
    const difference = await contentDifference({ original, restored, mayGrow });
    if (difference === undefined) return { result: 'equivalent' };
    return { result: 'different', reason: `${difference}; ${counts}` };
  } catch (error) {
    if (error instanceof CameBackWrong) return { result: 'different', reason: error.message };
    throw error;
  }
}

/** Deleted points come back and their tombstones do not, so only the data counts. */
function isTsm({ name }: Entry): boolean {
  return name.endsWith('.tsm');
}

async function tsmEntries(
  body: AsyncIterable<Uint8Array>,
  subject: string,
  signal: AbortSignal,
): Promise<Entry[]> {
  return (await readEntries(body, subject, signal)).filter(isTsm);
}

async function readEntries(
  body: AsyncIterable<Uint8Array>,
  subject: string,
  signal: AbortSignal,
): Promise<Entry[]> {
  const inspector = createInspector('tar', 'identity');
  for await (const _ of inspected(body, { subject, inspector, signal }));
  return inspector.entries ?? [];
}

/** A compaction writes files of new names, so one that kept its name and not its bytes was damaged. */
function changedFile(wanted: Entry[], found: Entry[]): string | undefined {
  const there = new Map(found.map((entry) => [basename(entry.name), entry.sha256]));
  const names = wanted.map((entry) => [basename(entry.name), entry.sha256] as const);
  return names.find(([name, sha256]) => (there.get(name) ?? sha256) !== sha256)?.[0];
}

/** Reads what the TSM files of a tar hold; each lies on disk only while it is read. */
async function contentOf(
  tar: AsyncIterable<Uint8Array>,
  spool: string,
  visit: VisitSeries | undefined,
): Promise<TsmContent> {
  const content = new TsmContent();
  let pieces: ({ data: Uint8Array } | { name: string } | 'end')[] = [];
  const parser = new TarParser({
    file: (name) => pieces.push({ name }),
    data: (data) => pieces.push({ data }),
    fileEnd: () => pieces.push('end'),
  });
  let file: FileHandle | undefined;
  try {
    for await (const chunk of tar) {
      parser.update(chunk);
      for (const piece of pieces) {
        if (piece === 'end') {
          if (file === undefined) continue;
          await file.close();
          file = undefined;
          await content.add(spool, visit);
        } else if ('data' in piece) {
          await file?.writeFile(piece.data);
        } else if (piece.name.endsWith('.tsm')) {
          file = await open(spool, 'w', 0o600);
        }
      }
      pieces = [];
    }
    parser.end();
    return content;
  } catch (error) {
    throw spoolFailure(error, spool);
  } finally {
    await file?.close();
    await rm(spool, { force: true });
  }
}
