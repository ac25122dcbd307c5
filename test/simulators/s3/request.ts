import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { crc32Of, S3Error } from './bucket.ts';
import type { Fault, Operation } from './faults.ts';

/** A request, understood as far as S3 needs. */
export interface S3Request {
  operation: Operation;
  bucket: string;
  key: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** Of a copy: what is copied. */
  source?: { bucket: string; key: string };
  /** Who asks. The simulator checks no signature. */
  accessKeyId: string | undefined;
}

export function parseRequest(request: IncomingMessage): S3Request {
  const url = new URL(request.url ?? '/', 'http://s3');
  const [, bucket = '', ...rest] = url.pathname.split('/');
  const key = rest.map(decodeURIComponent).join('/');
  const source = sourceIn(request.headers['x-amz-copy-source']);
  const authorization = request.headers.authorization ?? '';
  return {
    operation: operationOf(request.method ?? '', key, url.searchParams, source !== undefined),
    bucket,
    key,
    query: url.searchParams,
    headers: request.headers,
    ...(source && { source }),
    accessKeyId: /Credential=([^/]+)\//.exec(authorization)?.[1],
  };
}

function sourceIn(header: string | string[] | undefined): S3Request['source'] {
  if (typeof header !== 'string') return undefined;
  const [bucket = '', ...key] = header.replace(/^\//, '').split('/').map(decodeURIComponent);
  return { bucket, key: key.join('/') };
}

function operationOf(
  method: string,
  key: string,
  query: URLSearchParams,
  copies: boolean,
): Operation {
  const subs = ['uploads', 'uploadId', 'delete', 'lifecycle', 'versioning'];
  const sub = subs.find((name) => query.has(name)) ?? '';
  const name = `${copies ? 'COPY' : method} ${key === '' ? 'bucket' : 'object'} ${sub}`.trim();
  return OPERATIONS[name] ?? 'Unknown';
}

const OPERATIONS: Record<string, Operation> = {
  'HEAD bucket': 'HeadBucket',
  'GET bucket': 'ListObjectsV2',
  'GET bucket uploads': 'ListMultipartUploads',
  'GET bucket lifecycle': 'GetBucketLifecycleConfiguration',
  'GET bucket versioning': 'GetBucketVersioning',
  'POST bucket delete': 'DeleteObjects',
  'PUT object': 'PutObject',
  'COPY object': 'CopyObject',
  'COPY object uploadId': 'UploadPartCopy',
  'GET object': 'GetObject',
  'HEAD object': 'HeadObject',
  'DELETE object': 'DeleteObject',
  'POST object uploads': 'CreateMultipartUpload',
  'PUT object uploadId': 'UploadPart',
  'POST object uploadId': 'CompleteMultipartUpload',
  'DELETE object uploadId': 'AbortMultipartUpload',
  'GET object uploadId': 'ListParts',
};

/** Checks what the client claims of its body: a body that is not what was signed is never stored. */
export function checkBody(
  headers: IncomingMessage['headers'],
  body: Buffer,
  fault: Fault | undefined,
): void {
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== body.byteLength) {
    throw new S3Error(400, 'IncompleteBody');
  }
  const claimed = String(headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD');
  if (claimed.startsWith('STREAMING-')) throw new S3Error(501, 'NotImplemented', 'aws-chunked');
  const actual = () => createHash('sha256').update(body).digest('hex');
  if (claimed !== 'UNSIGNED-PAYLOAD' && claimed !== actual()) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch');
  }
  if (fault?.kind === 'ignored-header' && fault.header === CRC32) return;
  const told = headers[CRC32];
  if (told !== undefined && told !== crc32Of(body)) {
    throw new S3Error(400, 'BadDigest');
  }
}

export const CRC32 = 'x-amz-checksum-crc32';

export function metadataOf(headers: IncomingMessage['headers']): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('x-amz-meta-')) metadata[name] = String(value);
  }
  return metadata;
}
