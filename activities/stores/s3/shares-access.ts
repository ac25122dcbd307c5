import { serviceOf } from '../place.ts';
import type { S3Settings } from './client.ts';
import { readCredentials } from './credentials.ts';

/** Whether two stores are one service, reached by one access key. What cannot be told is no. */
export async function sharesAccess(one: S3Settings, other: S3Settings): Promise<boolean> {
  if (!isOneService(one, other)) return false;
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

/** Below one host there may be several; of AWS, each region copies from every other. */
function isOneService(one: S3Settings, other: S3Settings): boolean {
  const service = serviceOf(one);
  if (service !== serviceOf(other)) return false;
  return service.startsWith('AWS') || hrefOf(one) === hrefOf(other);
}

function hrefOf({ endpoint }: S3Settings): string | undefined {
  return endpoint === undefined ? undefined : new URL(endpoint).href;
}
