import type { S3Settings } from './client.ts';
import { readCredentials } from './credentials.ts';

/** Whether two stores are one service, reached by one access key. What cannot be told is no. */
export async function sharesAccess(one: S3Settings, other: S3Settings): Promise<boolean> {
  if (serviceOf(one) !== serviceOf(other)) return false;
  if (!one.credentials || !other.credentials) return one.credentials === other.credentials;
  try {
    const [key, otherKey] = await Promise.all([
      readCredentials(one.credentials, one.name),
      readCredentials(other.credentials, other.name),
    ]);
    return key.accessKeyId === otherKey.accessKeyId;
  } catch {
    // The read or the write that follows says what is missing.
    return false;
  }
}

function serviceOf({ endpoint }: S3Settings): string {
  return endpoint === undefined ? 'aws' : new URL(endpoint).href;
}
