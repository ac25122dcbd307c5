import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type BackupStorage, type Place, StorageFault } from './storage.ts';

export interface S3Options {
  endpoint: string;
  bucket: string;
  /** The folder in the bucket. */
  path?: string | undefined;
  accessKeyId: string;
  secretAccessKey: string;
  region?: string | undefined;
}

/** A bucket of any S3. */
export function s3Storage(options: S3Options): BackupStorage {
  const { endpoint, bucket, path = '', accessKeyId, secretAccessKey } = options;
  const client = new S3Client({
    endpoint,
    region: options.region ?? 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
  return {
    backend: 's3',
    about: {
      bucketName: bucket,
      endpoint: new URL(endpoint).host,
      ...(path === '' ? {} : { rootName: path }),
      useSSL: endpoint.startsWith('https:'),
    },
    place: (otherBucket, otherPath) => placeIn(client, otherBucket || bucket, otherPath || path),
    close: () => client.destroy(),
  };
}

function placeIn(client: S3Client, bucket: string, path: string): Place {
  const folder = path === '' ? '' : `${path.replace(/\/$/, '')}/`;
  const at = (key: string) => ({ Bucket: bucket, Key: folder + key });
  return {
    home: `s3://${bucket}${path === '' ? '' : `/${folder.slice(0, -1)}`}`,
    async put(key, bytes) {
      await faultsOf(client.send(new PutObjectCommand({ ...at(key), Body: bytes })));
    },
    async get(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand(at(key)));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw asFault(error);
      }
    },
    async remove(key) {
      await faultsOf(client.send(new DeleteObjectCommand(at(key))));
    },
    async list(prefix) {
      const keys: string[] = [];
      let token: string | undefined;
      do {
        const page = await faultsOf(
          client.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: folder + prefix,
              ContinuationToken: token,
            }),
          ),
        );
        for (const { Key = '' } of page.Contents ?? []) keys.push(Key.slice(folder.length));
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return keys;
    },
  };
}

async function faultsOf<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw asFault(error);
  }
}

function asFault(error: unknown): StorageFault {
  return new StorageFault(error instanceof Error ? error.message : String(error));
}
