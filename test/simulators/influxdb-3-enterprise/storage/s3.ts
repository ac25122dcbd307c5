import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectStorage, StorageSettings } from './storage.ts';

/** A bucket, with the same client that any program would use. */
export function s3Storage(settings: Extract<StorageSettings, { type: 's3' }>): ObjectStorage {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = settings;
  const before = settings.prefix ? `${settings.prefix}/` : '';
  const client = new S3Client({
    endpoint,
    region: settings.region ?? 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const at = (key: string) => ({ Bucket: bucket, Key: before + key });
  return {
    place: `s3://${bucket}/${before}`,
    async put(key, bytes) {
      await client.send(new PutObjectCommand({ ...at(key), Body: bytes }));
    },
    async get(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand(at(key)));
        return Body && Buffer.from(await Body.transformToByteArray());
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    async list(prefix) {
      const found: { key: string; bytes: number }[] = [];
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: before + prefix,
            ContinuationToken: token,
          }),
        );
        for (const { Key = '', Size = 0 } of page.Contents ?? []) {
          found.push({ key: Key.slice(before.length), bytes: Size });
        }
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return found;
    },
    async remove(keys) {
      for (const key of keys) await client.send(new DeleteObjectCommand(at(key)));
    },
    close: () => client.destroy(),
  };
}
