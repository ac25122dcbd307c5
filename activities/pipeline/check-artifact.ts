import type { Finding } from '../../workflows/contract/operations.ts';
import { HoldfastError } from '../failure.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import type { ArtifactPlan } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { AgeFault } from './age/age-fault.ts';
import type { Opener } from './age/opener.ts';
import { compareEntries } from './compare-entries.ts';
import { compareDigest, compareReading } from './compare-reading.ts';
import { createInspector } from './formats/create-inspector.ts';
import { FormatFault } from './formats/format-fault.ts';
import type { StreamInspector } from './formats/inspector.ts';
import { lineKey } from './line-key.ts';
import { orderParts } from './order-parts.ts';
import { readObject } from './read-object.ts';

export interface CheckArtifactOptions {
  store: Store;
  /** The key prefix of the backup, ending in `/`. */
  folder: string;
  /** Every line of one artifact, in any order. */
  lines: ObjectLine[];
  /** Without it, encrypted objects are only hashed, and so are those that it cannot open. */
  opener?: Opener | undefined;
  signal: AbortSignal;
  /** What the bytes are. Default: a tar when its entries are recorded, else bytes without a format. */
  format?: ArtifactPlan['format'] | undefined;
  /** Called with the length of each chunk that was read. */
  onBytes?: ((bytes: number) => void) | undefined;
}

export interface ArtifactCheck {
  /** Empty: every byte is there and right. */
  findings: Finding[];
  /** As they lie in the store. */
  bytes: number;
  /** Encrypted objects of which only the hash was checked. */
  onlyHashed: number;
  /** Of those, the ones for which there is an opener, and none of its identities opens them. */
  forOthers: number;
}

/**
 * Reads every byte of a committed artifact and compares it with what the manifest says: hashes as stored and as sent,
 * the compression, the format, and the files of a tar one by one. Damage is told, not thrown, and one damage does not
 * hide the next.
 * @throws STORE_* when the store cannot be read, which says nothing about the backup
 */
export async function checkArtifact(options: CheckArtifactOptions): Promise<ArtifactCheck> {
  const check: ArtifactCheck = { findings: [], bytes: 0, onlyHashed: 0, forOthers: 0 };
  const { lines, complete } = orderParts(options.lines);
  if (!complete) {
    const name = lines[0]?.part?.of ?? lines[0]?.path ?? '';
    report(check, name, 'does not have all of its parts in the manifest');
  }
  const inspector = complete ? inspectorOf(options, lines) : undefined;
  try {
    let whole = inspector;
    for (const line of lines)
      if (!(await checkObject(options, line, whole, check))) whole = undefined;
    if (whole) await checkContent(whole, lines, check);
  } finally {
    inspector?.close?.();
  }
  return check;
}

function inspectorOf(
  options: CheckArtifactOptions,
  lines: ObjectLine[],
): StreamInspector | undefined {
  const first = lines[0];
  if (!first || first.codec === 'zstd') return undefined;
  const format = options.format ?? (first.entries ? 'tar' : 'bytes');
  return createInspector(format, first.codec);
}

/** Failures that tell of one object, and nothing of whether the store can be read. */
const ABOUT_THE_OBJECT = [
  'BACKUP_DAMAGED',
  'OBJECT_MISSING',
  'OBJECT_ARCHIVED',
  'OBJECT_UNREADABLE',
];

/** @returns whether the inspector saw all of it and may be shown the next part */
async function checkObject(
  options: CheckArtifactOptions,
  line: ObjectLine,
  inspector: StreamInspector | undefined,
  check: ArtifactCheck,
): Promise<boolean> {
  const { store, folder, signal, onBytes } = options;
  const opener = line.encrypted ? options.opener : undefined;
  const readable = !line.encrypted || opener !== undefined;
  try {
    const object = readObject(store, lineKey(folder, line), opener, signal);
    const fault = await readThrough(object.bytes, readable ? inspector : undefined, onBytes);
    check.bytes += object.stored.bytes;
    if (!readable) check.onlyHashed++;
    const difference = fault ? compareDigest(line, object.stored) : compareReading(line, object);
    if (isForOthers(fault)) {
      check.onlyHashed++;
      check.forOthers++;
    }
    if (difference !== undefined) report(check, line.path, difference);
    else if (fault && !isForOthers(fault)) report(check, line.path, fault.message);
    return readable && difference === undefined && fault === undefined;
  } catch (error) {
    if (!(error instanceof HoldfastError) || !ABOUT_THE_OBJECT.includes(error.code)) throw error;
    check.findings.push({ code: error.code, object: line.path, message: error.message });
    return false;
  }
}

/** Reads to the end whatever the bytes are: the hash says whether they were damaged here or taken so. */
async function readThrough(
  bytes: AsyncIterable<Uint8Array>,
  inspector: StreamInspector | undefined,
  onBytes: CheckArtifactOptions['onBytes'],
): Promise<FormatFault | AgeFault | undefined> {
  let fault: FormatFault | undefined;
  try {
    for await (const chunk of bytes) {
      onBytes?.(chunk.length);
      if (fault) continue;
      try {
        await inspector?.update(chunk);
      } catch (error) {
        fault = asFormatFault(error);
      }
    }
  } catch (error) {
    if (error instanceof AgeFault) return error;
    throw error;
  }
  return fault;
}

async function checkContent(
  inspector: StreamInspector,
  lines: ObjectLine[],
  check: ArtifactCheck,
): Promise<void> {
  const path = lines[0]?.path ?? '';
  try {
    await inspector.end();
  } catch (error) {
    report(check, path, asFormatFault(error).message);
    return;
  }
  const recorded = lines[0]?.entries;
  if (!recorded || !inspector.entries) return;
  for (const difference of compareEntries(recorded, inspector.entries)) {
    report(check, path, difference);
  }
}

function asFormatFault(error: unknown): FormatFault {
  if (error instanceof FormatFault) return error;
  throw error;
}

/** It may be sound: as without any identity, its hash alone tells. */
function isForOthers(fault: FormatFault | AgeFault | undefined): boolean {
  return fault instanceof AgeFault && fault.kind === 'no identity';
}

function report(check: ArtifactCheck, object: string, what: string): void {
  check.findings.push({ code: 'BACKUP_DAMAGED', object, message: `${object} ${what}.` });
}
