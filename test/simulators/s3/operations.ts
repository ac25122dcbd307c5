import type { Bucket, KeptObject } from './bucket.ts';
import { S3Error } from './bucket.ts';
import type { Fault } from './faults.ts';
import { CRC32, metadataOf, type S3Request } from './request.ts';
import { textsOf, toXml, type Xml } from './xml.ts';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

/** Executes one request on the bucket. */
export function execute(
  bucket: Bucket,
  request: S3Request,
  body: Buffer,
  fault: Fault | undefined,
): Answer {
  const { key, query, headers } = request;
  const uploadId = query.get('uploadId') ?? '';
  const ignored = fault?.kind === 'ignored-header' ? fault.header : undefined;
  const ifNoneMatch = headers['if-none-match'] === '*' && ignored !== 'if-none-match';
  switch (request.operation) {
    case 'PutObject': {
      const kept = bucket.put(key, body, metadataOf(headers), ifNoneMatch);
      const told = ignored === CRC32 ? undefined : headers[CRC32];
      if (told !== undefined) kept.crc32 = String(told);
      return etagOnly(kept.etag, headers, ignored);
    }
    case 'CopyObject': {
      const { body: copied, metadata } = copySource(bucket, request, ignored);
      const own = headers['x-amz-metadata-directive'] === 'REPLACE';
      const kept = bucket.put(key, copied, own ? metadataOf(headers) : metadata, ifNoneMatch);
      return xml('CopyObjectResult', { ETag: `"${kept.etag}"` });
    }
    case 'UploadPartCopy': {
      const { body: copied } = copySource(bucket, request, ignored);
      const etag = bucket.addPart(uploadId, Number(query.get('partNumber')), copied);
      return xml('CopyPartResult', { ETag: `"${etag}"` });
    }
    case 'GetObject':
      return download(bucket.served(key), request, fault);
    case 'HeadObject':
      return lookedAt(bucket.get(key), request);
    case 'DeleteObject':
      bucket.remove(key);
      return { status: 204 };
    case 'DeleteObjects':
      return removeMany(bucket, body.toString());
    case 'HeadBucket':
      return { status: 200 };
    case 'ListObjectsV2':
      return list(bucket, query);
    case 'CreateMultipartUpload':
      return xml('InitiateMultipartUploadResult', {
        Key: key,
        UploadId: bucket.begin(
          key,
          metadataOf(headers),
          headers['x-amz-checksum-type'] === 'FULL_OBJECT',
        ).id,
      });
    case 'UploadPart':
      return etagOnly(bucket.addPart(uploadId, Number(query.get('partNumber')), body), headers);
    case 'CompleteMultipartUpload': {
      const size = headers['x-amz-mp-object-size'];
      const object = bucket.complete(uploadId, partsIn(body.toString()), {
        ifNoneMatch,
        ...(size !== undefined && { size: Number(size) }),
        losesLast: fault?.kind === 'lost-part',
      });
      return xml('CompleteMultipartUploadResult', { Key: key, ETag: `"${object.etag}"` });
    }
    case 'AbortMultipartUpload':
      bucket.abort(uploadId);
      return { status: 204 };
    case 'ListParts':
      return xml('ListPartsResult', {
        Part: [...bucket.upload(uploadId).parts].map(([number, part]) => ({
          PartNumber: number,
          ETag: `"${part.etag}"`,
          Size: part.body.byteLength,
        })),
      });
    case 'ListMultipartUploads':
      return listUploads(bucket, query);
    case 'GetBucketLifecycleConfiguration':
      if (bucket.rules.length === 0) throw new S3Error(404, 'NoSuchLifecycleConfiguration');
      return xml('LifecycleConfiguration', { Rule: bucket.rules });
    case 'GetBucketVersioning':
      return xml('VersioningConfiguration', bucket.versioned ? { Status: 'Enabled' } : {});
    case 'Unknown':
      throw new S3Error(501, 'NotImplemented');
  }
}

function xml(root: string, content: Xml): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: toXml(root, content),
  };
}

/** A checksum that was sent along comes back, as AWS does it. */
function etagOnly(etag: string, headers: S3Request['headers'], ignored?: string): Answer {
  const crc32 = ignored === CRC32 ? undefined : headers[CRC32];
  const echo = crc32 === undefined ? {} : { [CRC32]: String(crc32) };
  return { status: 200, headers: { etag: `"${etag}"`, ...echo } };
}

function copySource(bucket: Bucket, { source, headers }: S3Request, ignored?: string) {
  const object = bucket.served(source?.key ?? '', 'ObjectNotInActiveTierError');
  const wanted = String(headers['x-amz-copy-source-if-match'] ?? '').replaceAll('"', '');
  const conditional = wanted !== '' && ignored !== 'x-amz-copy-source-if-match';
  if (conditional && wanted !== object.etag) throw new S3Error(412, 'PreconditionFailed');
  const range = /^bytes=(\d+)-(\d+)$/.exec(String(headers['x-amz-copy-source-range'] ?? ''));
  if (!range) return object;
  return { ...object, body: object.body.subarray(Number(range[1]), Number(range[2]) + 1) };
}

function head(object: KeptObject): Answer {
  return {
    status: 200,
    headers: {
      etag: `"${object.etag}"`,
      'content-length': String(object.body.byteLength),
      'last-modified': object.modified.toUTCString(),
      'accept-ranges': 'bytes',
      ...archiveHeaders(object),
      ...object.metadata,
    },
  };
}

/** The checksum is told to those who ask for it. */
function lookedAt(object: KeptObject, { headers }: S3Request): Answer {
  const answer = head(object);
  if (headers['x-amz-checksum-mode'] !== 'ENABLED' || object.crc32 === undefined) return answer;
  const { crc32, checksumType: type = 'FULL_OBJECT' } = object;
  const told = { [CRC32]: crc32, ...(type !== '' && { 'x-amz-checksum-type': type }) };
  return { ...answer, headers: { ...answer.headers, ...told } };
}

function archiveHeaders({ storageClass, archiveStatus, broughtBack }: KeptObject) {
  const back = `ongoing-request="${broughtBack === 'ongoing'}"`;
  return {
    ...(storageClass !== undefined && { 'x-amz-storage-class': storageClass }),
    ...(archiveStatus !== undefined && { 'x-amz-archive-status': archiveStatus }),
    ...(broughtBack && { 'x-amz-restore': back }),
  };
}

function download(object: KeptObject, request: S3Request, fault: Fault | undefined): Answer {
  const answer = head(object);
  const total = object.body.byteLength;
  const wanted = (request.headers['if-match'] ?? '').replaceAll('"', '');
  const ignored = fault?.kind === 'ignored-header' && fault.header === 'if-match';
  if (wanted !== '' && wanted !== object.etag && !ignored) {
    throw new S3Error(412, 'PreconditionFailed');
  }
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!range || fault?.kind === 'ignored-range') return { ...answer, body: object.body };
  const shift = fault?.kind === 'wrong-range' ? fault.shift : 0;
  const from = Number(range[1]) + shift;
  const to = Math.min(total, range[2] ? Number(range[2]) + 1 + shift : total);
  if (from >= total) throw new S3Error(416, 'InvalidRange');
  return {
    status: 206,
    headers: {
      ...answer.headers,
      'content-length': String(to - from),
      'content-range': `bytes ${from}-${to - 1}/${total}`,
    },
    body: object.body.subarray(from, to),
  };
}

function removeMany(bucket: Bucket, body: string): Answer {
  const errors = textsOf(body, 'Key').flatMap((key) => {
    try {
      bucket.remove(key);
      return [];
    } catch (error) {
      return [{ Key: key, Code: (error as S3Error).code, Message: 'kept' }];
    }
  });
  return xml('DeleteResult', { Error: errors });
}

function list(bucket: Bucket, query: URLSearchParams): Answer {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = Math.min(Number(query.get('max-keys') ?? bucket.pageSize), bucket.pageSize);
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const places = new Map<string, KeptObject | undefined>();
  for (const [key, object] of bucket.listed(prefix)) {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut < 0) places.set(key, object);
    else places.set(key.slice(0, cut + delimiter.length), undefined);
  }
  const left = [...places]
    .filter(([place]) => after === '' || bucket.compare(place, after) > 0)
    .sort(([a], [b]) => bucket.compare(a, b));
  const page = left.slice(0, limit);
  const truncated = left.length > limit;
  return xml('ListBucketResult', {
    Prefix: prefix,
    KeyCount: page.length,
    IsTruncated: truncated,
    ...(truncated && { NextContinuationToken: page.at(-1)?.[0] ?? '' }),
    Contents: page.flatMap(([key, object]) => (object ? [entryOf(key, object)] : [])),
    CommonPrefixes: page.flatMap(([folder, object]) => (object ? [] : [{ Prefix: folder }])),
  });
}

function entryOf(key: string, { body, etag, modified, storageClass }: KeptObject): Xml {
  return {
    Key: key,
    Size: body.byteLength,
    ETag: `"${etag}"`,
    LastModified: modified.toISOString(),
    StorageClass: storageClass ?? 'STANDARD',
  };
}

function listUploads(bucket: Bucket, query: URLSearchParams): Answer {
  const prefix = query.get('prefix') ?? '';
  const after = `${query.get('key-marker') ?? ''} ${query.get('upload-id-marker') ?? ''}`;
  const all = [...bucket.uploads.values()]
    .filter(({ key, id }) => key.startsWith(prefix) && `${key} ${id}` > after)
    .filter(({ key }) => !bucket.uploadsByWholeKey || prefix === '' || key === prefix)
    .filter(({ key }) => !bucket.unlisted?.test(key))
    .sort((a, b) => (`${a.key} ${a.id}` < `${b.key} ${b.id}` ? -1 : 1));
  const page = all.slice(0, bucket.pageSize);
  const last = page.at(-1);
  const truncated = page.length < all.length && last !== undefined;
  return xml('ListMultipartUploadsResult', {
    IsTruncated: truncated,
    ...(truncated && { NextKeyMarker: last.key, NextUploadIdMarker: last.id }),
    Upload: page.map(({ key, id, startedAt }) => ({
      Key: key,
      UploadId: id,
      Initiated: startedAt.toISOString(),
    })),
  });
}

function partsIn(body: string): { number: number; etag: string }[] {
  const numbers = textsOf(body, 'PartNumber');
  const etags = textsOf(body, 'ETag');
  return numbers.map((number, index) => ({
    number: Number(number),
    etag: (etags[index] ?? '').replaceAll('"', ''),
  }));
}
