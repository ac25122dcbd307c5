import type { Warning } from '../../workflows/contract/progress.ts';
import { readChainObjects } from '../catalog/chain.ts';
import type { CollectedLine } from '../catalog/collected.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import { sameReaders } from '../pipeline/age/same-readers.ts';
import { parseObjectPath } from '../pipeline/object-path.ts';
import type { CopySources } from './copy-sources.ts';
import type { CopyItem } from './copy-work.ts';
import type { CurrentCopy } from './current-copy.ts';
import type { EarlierCopies } from './find-earlier.ts';
import type { SoundLines } from './sound-lines.ts';

/** Whether a copy still holds all that a restore needs. */
export async function isWhole(sources: CopySources): Promise<boolean> {
  const { store, manifest, current, sound, signal } = sources;
  if (!current || current.unreadable !== undefined) return false;
  for await (const object of readChainObjects(store, manifest, signal)) {
    const lines = current.lines.get(object.key);
    if (!lines || !(await sound.isSound(object, lines))) return false;
  }
  return true;
}

/**
 * Every object of the backup, with the lines of a copy that holds it: of this backup's own, when it is mended, else of one
 * that it rests on. Nothing is taken over from a copy that others can read.
 */
export async function copyItems(
  sources: CopySources & { earlier: EarlierCopies; readers: string[] | undefined },
): Promise<{ items: CopyItem[]; warnings: Warning[] }> {
  const { store, manifest, current, earlier, readers, sound, signal } = sources;
  const isOurs = sameReaders(current?.collected?.encryption?.recipients, readers);
  const items: CopyItem[] = [];
  const bad: CollectedLine[][] = [];
  for await (const object of readChainObjects(store, manifest, signal)) {
    const own = current?.lines.get(object.key);
    const isGood = own !== undefined && (await sound.isSound(object, own));
    if (own && !isGood) bad.push(own);
    const others = earlier.lines.get(object.key);
    if (own && isGood && isOurs) items.push({ object, earlier: own });
    else if (others && (await sound.isSound(object, others))) {
      items.push({ object, earlier: others });
    } else if (!current) items.push({ object });
    else items.push({ object, attempt: await nextAttempt(sound, object, own) });
  }
  const warnings = [...earlier.warnings, ...told(manifest, current, bad, items.length)];
  return { items, warnings };
}

/**
 * Under which name an object is copied anew. Encrypted once more it is other bytes, and what others name must never become
 * those: a name is given again only to the very same bytes.
 */
async function nextAttempt(
  sound: SoundLines,
  { key }: ProductObject,
  lines: CollectedLine[] = [],
): Promise<number> {
  const own = lines.filter(({ from }) => from === undefined);
  const used = own.map(({ path }) => parseObjectPath(key, path)?.attempt ?? 1);
  const last = Math.max(0, ...used);
  const [only] = own;
  const isFree = own.length === 1 && only && !only.encrypted && !(await sound.isThere(only));
  return isFree ? last : last + 1;
}

function told(
  { id, target }: Manifest,
  current: CurrentCopy | undefined,
  bad: CollectedLine[][],
  count: number,
): Warning[] {
  if (!current) return [];
  const [[first] = []] = bad;
  const example = first ? `, ${first.key} for one` : '';
  const what =
    current.unreadable === undefined
      ? `is damaged: of ${count} objects ${bad.length} are damaged or missing${example}`
      : `cannot be read: ${current.unreadable}`;
  return [
    {
      code: 'COPY_DAMAGED',
      message:
        `The copy of backup ${id} of ${target} ${what}. It is made whole from what the database still has; verify the ` +
        'backup then.',
      subject: id,
    },
  ];
}
