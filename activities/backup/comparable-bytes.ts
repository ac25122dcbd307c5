import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { readObjects } from '../catalog/objects.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { artifactsOf } from '../verify/verify-pages.ts';

/**
 * The bytes of a backup and of its predecessor, measured alike, so that another compression does not pass for another
 * amount of data: of an archive, the files in it; of anything else, what was sent, unless one of the two has it in other
 * compressions than the other: then it is left out of both.
 * @returns what the manifests count where the predecessor's list cannot be read any more
 */
export async function comparableBytes(
  store: Store,
  now: { lines: ObjectLine[]; productBytes: number; plainBytes: number },
  before: Manifest,
  signal: AbortSignal,
): Promise<{ now: number; before: number }> {
  const own = measure(now.lines);
  const others = await measured(store, before, signal);
  if (!others) return { now: now.plainBytes, before: before.totals.plainBytes };
  const alike = [...own.codecs].toSorted().join() === [...others.codecs].toSorted().join();
  const sum = ({ files, rest }: Measure, product: number) => product + files + (alike ? rest : 0);
  return {
    now: sum(own, now.productBytes),
    before: sum(others, before.delegated?.bytes ?? 0),
  };
}

interface Measure {
  /** Bytes of the files in archives. */
  files: number;
  /** Bytes of everything else, as it was sent, and how that is compressed. */
  rest: number;
  codecs: Set<ObjectLine['codec']>;
}

function measure(lines: ObjectLine[]): Measure {
  const sizes: Measure = { files: 0, rest: 0, codecs: new Set() };
  for (const artifact of artifactsOf(lines)) {
    const entries = artifact.find((line) => line.entries)?.entries;
    if (entries) sizes.files += total(entries);
    else {
      sizes.rest += total(artifact.map((line) => line.plain ?? line));
      for (const { codec } of artifact) sizes.codecs.add(codec);
    }
  }
  return sizes;
}

function total(things: { bytes: number }[]): number {
  return things.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function measured(
  store: Store,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<Measure | undefined> {
  const lines: ObjectLine[] = [];
  try {
    for await (const line of readObjects(store, manifest, signal)) lines.push(line);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'BACKUP_DAMAGED') return undefined;
    throw error;
  }
  return measure(lines);
}
