import type { BackupJob } from '../../workflows/contract/activities.ts';
import { BACKUP_ID } from '../../workflows/contract/names.ts';
import { backupFolder, targetFolder } from '../catalog/layout.ts';
import { keepLease, removeLease, writeLease } from '../catalog/leases.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { readObjects } from '../catalog/objects.ts';
import { newestProof } from '../catalog/proofs.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import { lineFrom } from '../pipeline/line-key.ts';
import { sameReaders } from '../pipeline/age/same-readers.ts';
import { findProduct } from '../products/registry.ts';
import type { Store } from '../stores/store.ts';
import { checkQuick } from '../verify/check-quick.ts';
import { artifactsOf } from '../verify/verify-pages.ts';

export interface Naming {
  store: Store;
  job: BackupJob;
  /** Fingerprints of the recipients; undefined when it is not encrypted. */
  readers: string[] | undefined;
  /** Of the attempt: those beside each other hold leases of their own. */
  number: number;
  signal: AbortSignal;
}

/**
 * Commits with the lines that name, for a product that asks for it, an earlier backup's object wherever that holds the same
 * content for the same readers. A stream tells only at its end what it held, so this run has stored its own by then: that
 * is a stray now, and goes with the others after the commit. The earlier backup is leased until the commit is done; from
 * then on the manifest keeps it from being deleted.
 */
export async function namingEarlier<T>(
  naming: Naming,
  lines: ObjectLine[],
  commit: (lines: ObjectLine[]) => Promise<T>,
): Promise<T> {
  const { store, job, number, signal } = naming;
  const product = findProduct(job.snapshot.product);
  const asked = product.kind === 'streamed' && product.namesEarlier && !job.full;
  const earlier = asked ? await earlierBackup(naming) : undefined;
  if (!earlier) return commit(lines);
  const { workflowId, runId } = job.run;
  const lease = { target: earlier.target, backup: earlier.id, runId: `${runId}-${number}` };
  const renew = () => writeLease(store, lease, { operation: 'backup', workflowId }, signal);
  try {
    await renew();
  } catch (error) {
    if (isOf(error, ['BACKUP_UNKNOWN'])) return commit(lines);
    throw error;
  }
  try {
    return await keepLease(renew, async () => commit(await named(naming, earlier, lines)));
  } finally {
    await removeLease(store, lease).catch(() => undefined);
  }
}

/** The newest before this one, unless it was found damaged: what rests on it would be, too. */
async function earlierBackup({
  store,
  job,
  readers,
  signal,
}: Naming): Promise<Manifest | undefined> {
  const { target, product } = job.snapshot;
  const ids = await store.folders(targetFolder(target), { signal });
  for (const id of ids.filter((one) => BACKUP_ID.test(one) && one !== job.backup).toReversed()) {
    try {
      const manifest = await readManifest(store, target, id, signal);
      if (manifest.product.name !== product || manifest.delegated) continue;
      const proof = await newestProof(store, target, id, signal);
      const fit = proof?.ok !== false && sameReaders(manifest.encryption?.recipients, readers);
      return fit ? manifest : undefined;
    } catch (error) {
      if (!isOf(error, ['BACKUP_UNKNOWN', 'BACKUP_DAMAGED', 'BACKUP_FORMAT_NEWER'])) throw error;
    }
  }
  return undefined;
}

async function named(
  { store, signal }: Naming,
  earlier: Manifest,
  lines: ObjectLine[],
): Promise<ObjectLine[]> {
  const known = new Map<string, ObjectLine[]>();
  try {
    const all: ObjectLine[] = [];
    for await (const line of readObjects(store, earlier, signal)) all.push(line);
    for (const artifact of artifactsOf(all)) {
      const key = contentKey(artifact);
      if (key !== undefined) known.set(key, artifact);
    }
  } catch (error) {
    if (isOf(error, ['BACKUP_DAMAGED'])) return lines;
    throw error;
  }
  const artifacts = artifactsOf(lines);
  const bad = new Map<string, boolean>();
  await eachBounded(artifacts.entries(), AT_ONCE, async ([index, own]) => {
    const there = known.get(contentKey(own) ?? '');
    if (!there) return;
    const others = there.map((line) => ({ ...line, from: lineFrom(line, earlier) }));
    if (await isGood(store, earlier, others, bad, signal)) {
      artifacts[index] = own.map((line, part) => renamed(others[part] ?? line, line));
    }
  });
  return artifacts.flat();
}

const AT_ONCE = 16;

/**
 * What an artifact holds: the files in it, whatever its wrapping says of names and times. Only what lies in as many parts,
 * and is compressed and encrypted alike, bears the same names. Undefined for what holds no files, which is small.
 */
function contentKey(lines: ObjectLine[]): string | undefined {
  const [first] = lines;
  if (!first?.entries?.length) return undefined;
  const { role, codec, encrypted, entries } = first;
  return JSON.stringify([role, codec, encrypted, lines.length, entries]);
}

/** Whose the objects are was not found damaged, and they are in the store as they were written. */
async function isGood(
  store: Store,
  { target, id }: Manifest,
  lines: (ObjectLine & { from: string })[],
  bad: Map<string, boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  for (const line of lines) {
    const owner = line.from.split('/')[1] ?? '';
    let isBad = bad.get(owner);
    if (isBad === undefined) {
      isBad = (await newestProof(store, target, owner, signal))?.ok === false;
      bad.set(owner, isBad);
    }
    if (isBad) return false;
    try {
      const found = await checkQuick(store, backupFolder(target, id), line, signal);
      if (found.length > 0) return false;
    } catch (error) {
      if (isOf(error, ['OBJECT_DENIED'])) return false;
      throw error;
    }
  }
  return true;
}

/** The other's bytes under the own name, in the order that formats.md promises. */
function renamed(other: ObjectLine, own: ObjectLine): ObjectLine {
  const { bytes, sha256, from, crc32, plain, codec, encrypted } = other;
  return {
    path: own.path,
    bytes,
    sha256,
    ...(from === undefined ? {} : { from }),
    ...(crc32 === undefined ? {} : { crc32 }),
    ...(plain ? { plain } : {}),
    codec,
    encrypted,
    ...(own.part ? { part: own.part } : {}),
    role: own.role,
    subject: own.subject,
    ...(own.entries ? { entries: own.entries } : {}),
  };
}

function isOf(error: unknown, codes: HoldfastError['code'][]): boolean {
  return error instanceof HoldfastError && codes.includes(error.code);
}
