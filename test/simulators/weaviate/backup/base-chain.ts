import { Refusal, type World } from '../exchange.ts';
import { type Place, StorageFault } from '../storage/storage.ts';
import { readGlobal } from './descriptors.ts';

/** An increment rests on whole backups of the same compression, one on the other, without a circle. */
export async function demandBase(
  { clock }: World,
  place: Place,
  base: string,
  compression: string,
): Promise<void> {
  const broken = (why: string) => new Refusal(422, `resolve base backup chain: ${why}`);
  const seen = new Set<string>();
  let younger = clock.now().toISOString();
  for (let id: string | undefined = base; id !== undefined;) {
    if (seen.has(id)) throw broken(`circular reference: ${id}`);
    seen.add(id);
    const stored = await fetched(place, id, broken);
    if (!stored) throw broken(`could not fetch base backup: backup ${id} does not exist`);
    if (stored.status !== 'SUCCESS') {
      throw broken(`backup "${id}" has status "${stored.status}", expected "SUCCESS"`);
    }
    if (stored.compressionType !== compression) {
      const found = `backup "${id}" has compression type "${stored.compressionType}"`;
      throw broken(`${found}, expected "${compression}"`);
    }
    if (stored.startedAt >= younger) throw broken(`base backup ${id} is not older`);
    younger = stored.startedAt;
    id = stored.baseBackupId;
  }
}

async function fetched(place: Place, id: string, broken: (why: string) => Refusal) {
  try {
    return await readGlobal(place, id);
  } catch (error) {
    if (error instanceof StorageFault)
      throw broken(`could not fetch base backup: ${error.message}`);
    throw error;
  }
}
