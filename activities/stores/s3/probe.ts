import { crc32 } from 'node:zlib';
import { randomBytes, randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../failure.ts';
import type { ProbeFinding } from '../store.ts';
import { checksumOf } from './checksum.ts';
import { faultOf } from './failure.ts';
import { seeBucket } from './list-objects.ts';
import { PartsUpload } from './multipart-upload.ts';
import { probeBucket } from './probe-bucket.ts';
import type { Attempt, Probe } from './probe-attempt.ts';
import { AlreadyThere } from './put-object.ts';
import type { Abilities } from './requests.ts';

/** Tries on the real bucket what a backup, a restore and a deletion will ask of it. */
export async function probeS3(probe: Probe): Promise<ProbeFinding[]> {
  const findings: ProbeFinding[] = [];
  const attempt: Attempt = async (ability, level, run) => {
    const finding = await run().then(
      (told): ProbeFinding =>
        typeof told === 'string'
          ? { ability, ok: true, level, message: told }
          : { ability, ok: true, level, noted: true, message: told.note },
      (error: unknown): ProbeFinding => {
        probe.signal?.throwIfAborted();
        const told = probe.failed(error, `do what the probe "${ability}" asked`);
        const message = told instanceof Error ? told.message : String(told);
        return { ability, ok: false, level, message };
      },
    );
    findings.push(finding);
    return finding.ok;
  };

  const folder = `.holdfast-probe/${randomUUID()}/`;
  const reached = await attempt('reach', 'required', async () => {
    await seeBucket(probe.requests, { ...probe, prefix: probe.prefix + folder });
    return 'The bucket is there.';
  });
  const written: string[] = [];
  if (reached && (await probeSmallObjects(probe, attempt, folder, written))) {
    await probeMultipart(probe, attempt, folder, written);
    await attempt('list', 'required', async () => {
      const seen = new Set<string>();
      for await (const { key } of probe.store.list(folder, probe)) seen.add(key);
      if (written.some((key) => !seen.has(key))) throw refused('a listing is not complete');
      // Some list whole folders alone.
      if ((await count(probe.store.list(`${folder}sma`, probe))) !== 1) {
        throw refused('objects are not listed by what their names begin with');
      }
      return 'Objects are listed as soon as they are written.';
    });
    await probeChecksum(probe, attempt, folder, written);
    await attempt('remove', 'required', async () => {
      await probe.store.remove(written, probe);
      if (await probe.store.head(written[0] ?? '', probe)) throw refused('a removed object stays');
      return 'Objects can be removed.';
    });
    await probeBucket(probe, attempt);
  }
  return findings;
}

async function probeSmallObjects(
  probe: Probe,
  attempt: Attempt,
  folder: string,
  written: string[],
): Promise<boolean> {
  const { store, requests } = probe;
  const bytes = randomBytes(3000);
  const key = `${folder}small`;
  const able = await attempt('write', 'required', async () => {
    await store.put(key, bytes, probe);
    written.push(key);
    return 'An object can be created.';
  });
  if (!able) return false;
  await attempt('read', 'required', async () => {
    // Services that do not know the SDK's framing have stored it inside the object.
    await compare(probe, key, bytes);
    const range = await collect(store.read(key, { signal: probe.signal, start: 1000, end: 2000 }));
    if (!range.equals(bytes.subarray(1000, 2000))) throw refused('a range holds other bytes');
    return 'What was written is read back unchanged, whole and in ranges.';
  });
  await attempt('create once', 'required', async () => {
    const again = await store.put(key, randomBytes(100), probe).catch((error: unknown) => error);
    if (!(again instanceof HoldfastError)) throw refused('an object was overwritten');
    if (again.code !== 'OBJECT_EXISTS') throw again;
    if (requests.abilities.conditional !== 'honoured') {
      return {
        note: 'The store does not obey `If-None-Match`; Holdfast looks before it writes, and never uses a name twice.',
      };
    }
    return 'An object is never overwritten (`If-None-Match` is obeyed).';
  });
  return true;
}

/** Written or not, the object counts as written: its removal does no harm. */
async function probeChecksum(
  { requests, bucket, prefix, signal }: Probe,
  attempt: Attempt,
  folder: string,
  written: string[],
): Promise<void> {
  await attempt('checksums', 'advised', async () => {
    if (requests.abilities.crc32 === 'ignored') throw refused('it takes no notice of a CRC32');
    const key = `${folder}garbled`;
    written.push(key);
    const bytes = randomBytes(100);
    const taken = await requests
      .send({ signal, tries: 1 }, (client, bind) =>
        client.send(
          bind(
            new PutObjectCommand({
              Bucket: bucket,
              Key: prefix + key,
              Body: bytes,
              ContentLength: bytes.byteLength,
              ChecksumCRC32: checksumOf(crc32(bytes.subarray(1))),
            }),
          ),
        ),
      )
      .then(
        () => true,
        (error: unknown) => {
          if (faultOf(error).status !== 400) throw error;
          return false;
        },
      );
    if (taken) throw refused('a body was taken whose CRC32 was wrong');
    return 'The store refuses a body whose CRC32 is wrong.';
  });
}

/** The least that AWS takes as a part that is not the last. */
const SMALLEST_PART = 5 * 1024 * 1024;

async function probeMultipart(
  probe: Probe,
  attempt: Attempt,
  folder: string,
  written: string[],
): Promise<void> {
  const { store, requests, bucket, prefix } = probe;
  const begun = (key: string) => new PartsUpload(requests, { bucket, key: prefix + key });
  const signal = probe.signal ?? new AbortController().signal;
  const key = `${folder}parts`;
  const able = await attempt('upload in parts', 'required', async () => {
    const bytes = randomBytes(SMALLEST_PART + 1);
    const upload = begun(key);
    try {
      await upload.sendPart(1, bytes.subarray(0, SMALLEST_PART), signal);
      await upload.sendPart(2, bytes.subarray(SMALLEST_PART), signal);
      await upload.complete(signal);
    } catch (error) {
      await upload.abort().catch(() => undefined);
      throw error;
    }
    written.push(key);
    await compare(probe, key, bytes);
    return 'An object can be uploaded in parts.';
  });
  if (able) await probeTakenName(probe, attempt, begun(key), signal);
  let seen = 0;
  const ended = await attempt('abort an upload', 'required', async () => {
    const upload = begun(`${folder}aborted`);
    try {
      await upload.sendPart(1, randomBytes(10), signal);
      seen = await count(store.openUploads(folder, probe));
    } finally {
      await upload.abort();
    }
    const left = await count(store.openUploads(folder, probe));
    if (left > 0) throw refused('an aborted upload stays open');
    return 'An unfinished upload can be aborted.';
  });
  if (!ended) return;
  await attempt('list open uploads', 'advised', async () => {
    if (seen > 0) return 'An unfinished upload is listed.';
    throw refused(
      'an open upload is not listed, so those of a worker that died cannot be found; a rule of the bucket has to end them',
    );
  });
}

/** Objects in parts are those of which Holdfast writes most bytes. */
async function probeTakenName(
  { requests }: Probe,
  attempt: Attempt,
  upload: PartsUpload,
  signal: AbortSignal,
): Promise<void> {
  const { abilities } = requests;
  await attempt('complete once', 'required', async () => {
    abilities.conditionalComplete = 'unproven';
    try {
      await upload.sendPart(1, randomBytes(10), signal);
      await upload.complete(signal, true);
      abilities.conditionalComplete = 'ignored';
    } catch (error) {
      await upload.abort().catch(() => undefined);
      if (!(error instanceof AlreadyThere)) throw error;
    }
    // Set by the refusal itself: that somebody else's object lies there is no proof.
    if (isHonoured(abilities)) return 'Nor is an object overwritten by an upload in parts.';
    return {
      note: 'The store does not obey `If-None-Match` for what is uploaded in parts; Holdfast looks before it completes an upload, and never uses a name twice.',
    };
  });
}

function isHonoured({ conditionalComplete }: Abilities): boolean {
  return conditionalComplete === 'honoured';
}

async function compare(probe: Probe, key: string, bytes: Buffer): Promise<void> {
  const found = await probe.store.head(key, probe);
  if (found?.bytes !== bytes.byteLength) throw refused('an object has another length than it had');
  const read = await collect(probe.store.read(key, { signal: probe.signal }));
  if (!read.equals(bytes)) throw refused('what is read differs from what was written');
}

function refused(what: string): HoldfastError {
  return new HoldfastError('STORE_REFUSED', `The store failed the probe: ${what}.`);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let seen = 0;
  for await (const item of items) if (item) seen += 1;
  return seen;
}
