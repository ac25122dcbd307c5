import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Error } from './bucket.ts';
import type { Operation } from './faults.ts';

/** A request, understood as far as S3 needs. */
export interface S3Request {
  operation: Operation;
  bucket: string;
  key: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** Who asks. The simulator checks no signature. */
  accessKeyId: string | undefined;
}

export function parseRequest(request: IncomingMessage): S3Request {
  const url = new URL(request.url ?? '/', 'http://s3');
  const [, bucket = '', ...rest] = url.pathname.split('/');
  const key = rest.map(decodeURIComponent).join('/');
  const authorization = request.headers.authorization ?? '';
  return {
    operation: operationOf(request.method ?? '', key, url.searchParams),
    bucket,
    key,
    query: url.searchParams,
    headers: request.headers,
    accessKeyId: /Credential=([^/]+)\//.exec(authorization)?.[1],
  };
}

function operationOf(method: string, key: string, query: URLSearchParams): Operation {
  const sub = ['uploads', 'uploadId', 'delete', 'lifecycle'].find((name) => query.has(name)) ?? '';
  const name = `${method} ${key === '' ? 'bucket' : 'object'} ${sub}`.trim();
  return OPERATIONS[name] ?? 'Unknown';
}

const OPERATIONS: Record<string, Operation> = {
  'HEAD bucket': 'HeadBucket',
  'GET bucket': 'ListObjectsV2',
  'GET bucket uploads': 'ListMultipartUploads',
  'GET bucket lifecycle': 'GetBucketLifecycleConfiguration',
  'POST bucket delete': 'DeleteObjects',
  'PUT object': 'PutObject',
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
export function checkBody(headers: IncomingMessage['headers'], body: Buffer): void {
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
}

export function metadataOf(headers: IncomingMessage['headers']): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('x-amz-meta-')) metadata[name] = String(value);
  }
  return metadata;
}
