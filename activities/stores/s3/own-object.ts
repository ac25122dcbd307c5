import { randomUUID } from 'node:crypto';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { faultOf } from './failure.ts';
import type { Call, S3Requests } from './requests.ts';

/** Who wrote an object: a fresh mark for every call, so that even a second attempt of one activity is somebody else. */
export const WRITE_MARK = 'holdfast-write';
export const newMark = () => randomUUID();

export interface Written {
  bucket: string;
  /** With the store's prefix. */
  key: string;
  mark: string;
  bytes: number;
}

/** Looks at what lies under a key after an answer that left it open whether a write took place. */
export async function whoseObject(
  requests: S3Requests,
  written: Written,
  call: Call,
): Promise<'own' | 'cut' | 'other' | 'none'> {
  const { bucket, key, mark, bytes } = written;
  try {
    const found = await requests.send(call, (client, bind) =>
      client.send(bind(new HeadObjectCommand({ Bucket: bucket, Key: key }))),
    );
    if (found.Metadata?.[WRITE_MARK] !== mark) return 'other';
    return found.ContentLength === bytes ? 'own' : 'cut';
  } catch (error) {
    if (faultOf(error).status === 404) return 'none';
    throw error;
  }
}
