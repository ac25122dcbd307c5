import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../faults/stage.ts';
import type { Ledger } from './ledger.ts';

/** A file of a backup, in whichever of the stores it is. */
export async function readKept(
  { s3, disk }: Stage,
  target: string,
  backup: string,
  file: string,
): Promise<string | undefined> {
  const key = `${target}/${backup}/${file}`;
  const remote = s3.bucket.objects.get(`holdfast/${key}`)?.body.toString();
  return remote ?? readFile(join(disk, key), 'utf8').catch(() => undefined);
}

/** Each copy that was called done is there. */
export async function lackingCopies(stage: Stage, ledger: Ledger): Promise<string[]> {
  const all = ledger.all().map(async ({ id, target, copied }) => {
    const there = !copied || (await readKept(stage, target, id, 'collected.json'));
    return there ? [] : [`the copy of ${id} of ${target} was called done, and is not there`];
  });
  return (await Promise.all(all)).flat();
}
