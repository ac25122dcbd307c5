import { createHash, randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Xml } from './xml.ts';

export interface KeptObject {
  body: Buffer;
  etag: string;
  /** In base64, where it was told with the body, or asked for when the upload was begun. */
  crc32?: string;
  /** As it is told with it; none is FULL_OBJECT, `''` is not told. */
  checksumType?: string;
  metadata: Record<string, string>;
  modified: Date;
  /** None is `STANDARD`. Of GLACIER and DEEP_ARCHIVE nothing is read before it was brought back. */
  storageClass?: string;
  /** As `HEAD` tells it in `x-amz-archive-status`, of an object that its tiering archived. */
  archiveStatus?: string;
  broughtBack?: 'ongoing' | 'done';
}

export interface Upload {
  id: string;
  key: string;
  metadata: Record<string, string>;
  /** The CRC32 of the whole is asked for. */
  checked: boolean;
  startedAt: Date;
  parts: Map<number, { body: Buffer; etag: string }>;
}

/** An error as S3 answers it. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** One bucket in memory, with S3's semantics and without its faults. */
export class Bucket {
  readonly objects = new Map<string, KeptObject>();
  readonly uploads = new Map<string, Upload>();
  /** How often each key was brought into being or replaced: more than once is a broken promise. */
  readonly writes = new Map<string, number>();
  /** Keys that no deletion removes, as under Object Lock. */
  locked: RegExp | undefined;
  /** Keys that listings do not show yet. */
  unlisted: RegExp | undefined;
  /** Of its lifecycle, as the XML has them. */
  rules: Xml[] = [];
  /** It keeps what is removed. */
  versioned = false;
  /** The service is one that serves what lies in its classes, whatever it calls them. */
  servesAll = false;
  /** Open uploads are listed by the whole key of one object, or all of them, as MinIO does it. */
  uploadsByWholeKey = false;
  /** Listings come in the order of what the service makes of the keys, as Storj's do, which encrypts them. */
  listsByHash = false;
  /** All parts but the last have one length, as R2 wants it. */
  equalParts = false;
  minPartBytes = 0;
  pageSize = 1000;
  maxParts = 10_000;

  put(
    key: string,
    body: Buffer,
    metadata: Record<string, string>,
    ifNoneMatch: boolean,
    etag = md5(body),
  ): KeptObject {
    if (ifNoneMatch && this.objects.has(key)) throw new S3Error(412, 'PreconditionFailed');
    const object = { body, etag, metadata, modified: new Date() };
    this.objects.set(key, object);
    this.writes.set(key, (this.writes.get(key) ?? 0) + 1);
    return object;
  }

  get(key: string): KeptObject {
    const object = this.objects.get(key);
    if (!object) throw new S3Error(404, 'NoSuchKey');
    return object;
  }

  /** The object, if its bytes are served. */
  served(key: string, refusal = 'InvalidObjectState'): KeptObject {
    const object = this.get(key);
    const classes = ['GLACIER', 'DEEP_ARCHIVE'];
    const archived = classes.includes(object.storageClass ?? '') || object.archiveStatus;
    if (archived && object.broughtBack !== 'done' && !this.servesAll) {
      throw new S3Error(403, refusal, "The operation is not valid for the object's storage class");
    }
    return object;
  }

  remove(key: string): void {
    if (this.locked?.test(key)) throw new S3Error(403, 'AccessDenied');
    this.objects.delete(key);
  }

  listed(prefix: string): [string, KeptObject][] {
    return [...this.objects]
      .filter(([key]) => key.startsWith(prefix) && !this.unlisted?.test(key))
      .sort(([a], [b]) => this.compare(a, b));
  }

  /** The order in which keys, and what they have in common, are listed. */
  compare(a: string, b: string): number {
    const [one, other] = [Buffer.from(a), Buffer.from(b)];
    if (!this.listsByHash) return Buffer.compare(one, other);
    return md5(one) < md5(other) ? -1 : Number(a !== b);
  }

  begin(key: string, metadata: Record<string, string>, checked = false): Upload {
    const id = randomUUID();
    const upload = { id, key, metadata, checked, startedAt: new Date(), parts: new Map() };
    this.uploads.set(upload.id, upload);
    return upload;
  }

  upload(id: string): Upload {
    const upload = this.uploads.get(id);
    if (!upload) throw new S3Error(404, 'NoSuchUpload');
    return upload;
  }

  addPart(id: string, number: number, body: Buffer): string {
    const upload = this.upload(id);
    if (number < 1 || number > this.maxParts)
      throw new S3Error(400, 'InvalidArgument', 'part number');
    const etag = md5(body);
    upload.parts.set(number, { body, etag });
    return etag;
  }

  complete(
    id: string,
    named: { number: number; etag: string }[],
    options: { ifNoneMatch: boolean; size?: number; losesLast?: boolean },
  ): KeptObject {
    const upload = this.upload(id);
    const bodies = named.map(({ number, etag }, index) => {
      const part = upload.parts.get(number);
      if (!part || part.etag !== etag) throw new S3Error(400, 'InvalidPart');
      if (index < named.length - 1 && part.body.byteLength < this.minPartBytes) {
        throw new S3Error(400, 'EntityTooSmall');
      }
      const before = named[index - 1];
      if (before && before.number >= number) throw new S3Error(400, 'InvalidPartOrder');
      return part.body;
    });
    if (this.equalParts) refuseUnequal(bodies);
    const body = Buffer.concat(options.losesLast ? bodies.slice(0, -1) : bodies);
    if (options.size !== undefined && options.size !== Buffer.concat(bodies).byteLength) {
      throw new S3Error(400, 'InvalidRequest', 'x-amz-mp-object-size does not match');
    }
    const etag = `${md5(body)}-${named.length}`;
    const object = this.put(upload.key, body, upload.metadata, options.ifNoneMatch, etag);
    if (upload.checked) object.crc32 = crc32Of(body);
    this.uploads.delete(id);
    return object;
  }

  abort(id: string): void {
    this.upload(id);
    this.uploads.delete(id);
  }
}

function refuseUnequal(parts: Buffer[]): void {
  const length = parts[0]?.byteLength ?? 0;
  const unequal = parts.slice(0, -1).some((part) => part.byteLength !== length);
  if (!unequal && (parts.at(-1)?.byteLength ?? 0) <= length) return;
  throw new S3Error(400, 'InvalidPart', 'All non-trailing parts must have the same length.');
}

export function crc32Of(body: Buffer): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return checksum.toString('base64');
}

function md5(body: Buffer): string {
  return createHash('md5').update(body).digest('hex');
}
