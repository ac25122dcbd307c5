import type { CallOptions, ProbeFinding, Store } from '../store.ts';
import type { S3Requests } from './requests.ts';

export async function probeS3(
  _store: Store,
  _requests: S3Requests,
  _where: { bucket: string; prefix: string } & CallOptions,
): Promise<ProbeFinding[]> {
  return [];
}
