import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { faultOf, isDenied, isNotServed } from './failure.ts';
import type { S3Requests } from './requests.ts';

const BULK = 1000;
const SINGLES_AT_A_TIME = 16;

/** What the store kept, and why. */
export interface Kept {
  key: string;
  code: string;
}

/** Removes objects a thousand at a time, or one by one where the store knows no other way. */
export async function removeObjects(
  requests: S3Requests,
  bucket: string,
  keys: string[],
  signal: AbortSignal | undefined,
): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (let from = 0; from < keys.length; from += BULK) {
    const batch = keys.slice(from, from + BULK);
    kept.push(...(await removeBatch(requests, bucket, batch, signal)));
  }
  return kept;
}

async function removeBatch(
  requests: S3Requests,
  bucket: string,
  keys: string[],
  signal: AbortSignal | undefined,
): Promise<Kept[]> {
  let refused = keys;
  if (requests.abilities.bulkRemove && keys.length > 1) {
    try {
      const answer = await requests.send({ signal }, (client, bind) =>
        client.send(
          bind(
            new DeleteObjectsCommand({
              Bucket: bucket,
              Delete: { Quiet: true, Objects: keys.map((Key) => ({ Key })) },
            }),
          ),
        ),
      );
      refused = (answer.Errors ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
    } catch (error) {
      // Some stores want a checksum that the SDK no longer sends, or have no bulk removal at all.
      if (!isNotServed(error)) throw error;
      requests.abilities.bulkRemove = false;
    }
  }
  // What a bulk removal refused is asked for once more by itself: the answer tells passing trouble from a lock.
  return removeSingly(requests, bucket, refused, signal);
}

async function removeSingly(
  requests: S3Requests,
  bucket: string,
  keys: string[],
  signal: AbortSignal | undefined,
): Promise<Kept[]> {
  const kept: Kept[] = [];
  const left = [...keys];
  const worker = async () => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      const one = key;
      try {
        await requests.send({ signal }, (client, bind) =>
          client.send(bind(new DeleteObjectCommand({ Bucket: bucket, Key: one }))),
        );
      } catch (error) {
        const fault = faultOf(error);
        if (isDenied(fault)) kept.push({ key: one, code: fault.code });
        else if (fault.code !== 'NoSuchKey') throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(SINGLES_AT_A_TIME, keys.length) }, worker));
  return kept.sort((a, b) => (a.key < b.key ? -1 : 1));
}
