import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../failure.ts';
import { delayed, Interruption } from '../interruption.ts';
import { quoted } from './etag.ts';
import { faultOf, isPassing } from './failure.ts';
import { newMark, whoseObject, WRITE_MARK } from './own-object.ts';
import { AlreadyThere, COMMIT_GRACE_MS, isNotImplemented, refuseTaken } from './put-object.ts';
import type { S3Requests } from './requests.ts';

/** An id that comes late is still learnt, and its upload ended. */
const BEGIN_GRACE_MS = 10_000;

/**
 * One multipart upload, from Create to Complete or Abort. It does not bear the name of the field that Complete sends:
 * TypeScript 7.0 emits such a field, inside the class, under an alias of the class.
 */
export class PartsUpload {
  readonly #requests: S3Requests;
  readonly #where: { Bucket: string; Key: string };
  readonly #mark = newMark();
  readonly #parts: CompletedPart[] = [];
  #id: Promise<string> | undefined;
  #bytes = 0;
  /** A part was sent whose answer nobody heard. */
  #cut = false;

  constructor(requests: S3Requests, where: { bucket: string; key: string }) {
    this.#requests = requests;
    this.#where = { Bucket: where.bucket, Key: where.key };
  }

  async sendPart(number: number, body: Buffer, signal: AbortSignal): Promise<void> {
    const id = await this.#uploadId(signal);
    const part = { ...this.#where, UploadId: id, PartNumber: number };
    const sending = this.#requests.send({ signal }, (client, bind) =>
      client.send(
        bind(new UploadPartCommand({ ...part, Body: body, ContentLength: body.byteLength })),
      ),
    );
    this.#note(number, body.byteLength, await this.#heard(sending, signal));
  }

  /** A part that the service takes from another of its objects: bytes `[start, end)` of the one that `etag` names. */
  async copyPart(
    number: number,
    from: { source: string; etag: string; start: number; end: number },
    signal: AbortSignal,
  ): Promise<void> {
    const id = await this.#uploadId(signal);
    const { CopyPartResult: sent } = await this.#requests.send(
      { signal, commits: true },
      (client, bind) =>
        client.send(
          bind(
            new UploadPartCopyCommand({
              ...this.#where,
              UploadId: id,
              PartNumber: number,
              CopySource: from.source,
              CopySourceIfMatch: quoted(from.etag),
              CopySourceRange: `bytes=${from.start}-${from.end - 1}`,
            }),
          ),
        ),
    );
    this.#note(number, from.end - from.start, sent ?? {});
  }

  /**
   * Makes the object appear, once. An answer that leaves it open is settled by looking.
   * @param blindly does not look first whether the name is taken: to see what the store makes of the condition
   */
  async complete(signal: AbortSignal | undefined, blindly = false): Promise<void> {
    if (this.#requests.abilities.conditionalComplete !== 'honoured' && !blindly) {
      await refuseTaken(this.#requests, this.#written(), signal);
    }
    const patient = delayed(signal, COMMIT_GRACE_MS);
    try {
      for (let tries = 1; ; tries++) {
        const sent = this.#extras();
        const error = await this.#askToComplete(sent, patient.signal);
        if (error !== undefined && this.#leavesOutHeader(error, sent)) {
          return await this.complete(signal, blindly);
        }
        if (await this.#isDone(error, patient.signal)) return;
        if (tries === COMPLETE_TRIES) throw error;
        await this.#requests.pause(tries, signal);
      }
    } finally {
      patient.end();
    }
  }

  /**
   * Ends an unfinished upload, and asks again until the store has forgotten it. A part that was cut off may reach the
   * disk of the store after that, and revive it there: then the store is asked a while longer.
   */
  async abort(): Promise<void> {
    const id = await this.#id?.catch(() => undefined);
    if (id === undefined) return;
    for (let tries = 1; tries <= ABORT_TRIES; tries++) {
      if (tries > 1) await this.#requests.pause(tries);
      if ((await this.#isForgotten(id)) && !this.#cut) return;
    }
  }

  async #isForgotten(id: string): Promise<boolean> {
    const upload = { ...this.#where, UploadId: id };
    try {
      await this.#requests.send({}, (client, bind) =>
        client.send(bind(new AbortMultipartUploadCommand(upload))),
      );
      await this.#requests.send({}, (client, bind) =>
        client.send(bind(new ListPartsCommand({ ...upload, MaxParts: 1 }))),
      );
      return false;
    } catch (error) {
      if (faultOf(error).status === 404 || isNotImplemented(error)) return true;
      throw error;
    }
  }

  async #heard<T>(sending: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await sending;
    } catch (error) {
      if (signal.aborted || faultOf(error).status === undefined) this.#cut = true;
      throw error;
    }
  }

  #uploadId(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    this.#id ??= this.#begin(signal);
    return this.#begun(this.#id, signal);
  }

  #note(
    number: number,
    bytes: number,
    { ETag, ChecksumCRC32 }: { ETag?: string | undefined; ChecksumCRC32?: string | undefined },
  ): void {
    this.#bytes += bytes;
    this.#parts.push({
      PartNumber: number,
      ETag,
      ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }),
    });
  }

  /** Let finish when an abort comes in between: an id that nobody learns would leave an upload that nobody ends. */
  async #begin(signal: AbortSignal): Promise<string> {
    const patient = delayed(signal, BEGIN_GRACE_MS);
    try {
      const begun = await this.#requests.send({ signal: patient.signal }, (client, bind) =>
        client.send(
          bind(
            new CreateMultipartUploadCommand({
              ...this.#where,
              ContentType: 'application/octet-stream',
              Metadata: { [WRITE_MARK]: this.#mark },
              ...(this.#requests.checksums === 'WHEN_SUPPORTED' && {
                ChecksumAlgorithm: 'CRC32',
                ChecksumType: 'FULL_OBJECT',
              }),
            }),
          ),
        ),
      );
      if (!begun.UploadId) throw new Error('The store began an upload without an id.');
      return begun.UploadId;
    } finally {
      patient.end();
    }
  }

  /** Whoever waits for the id stops at once; the cleaning up in the background goes on waiting for it. */
  async #begun(id: Promise<string>, signal: AbortSignal): Promise<string> {
    const interruption = new Interruption(signal);
    try {
      return await interruption.wait(id);
    } finally {
      interruption.end();
    }
  }

  #extras(): Extras {
    const { objectSize, conditionalComplete } = this.#requests.abilities;
    return { objectSize, conditional: conditionalComplete !== 'ignored' };
  }

  async #askToComplete({ objectSize, conditional }: Extras, signal: AbortSignal): Promise<unknown> {
    const id = await this.#id;
    const { abilities } = this.#requests;
    const parts = this.#parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    try {
      await this.#requests.send({ signal, tries: 1, commits: true }, (client, bind) =>
        client.send(
          bind(
            new CompleteMultipartUploadCommand({
              ...this.#where,
              UploadId: id,
              MultipartUpload: { Parts: parts },
              ...(conditional && { IfNoneMatch: '*' }),
              ...(objectSize && { MpuObjectSize: this.#bytes }),
              ...(this.#requests.checksums === 'WHEN_SUPPORTED' && { ChecksumType: 'FULL_OBJECT' }),
            }),
          ),
        ),
      );
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (conditional && faultOf(error).status === 412) abilities.conditionalComplete = 'honoured';
      return error ?? new Error('The store gave no reason.');
    }
  }

  /** A store that does not know a header says so with a 501; which one it means is found by leaving them out in turn. */
  #leavesOutHeader(error: unknown, sent: Extras): boolean {
    if (!isNotImplemented(error) || (!sent.objectSize && !sent.conditional)) return false;
    const { abilities } = this.#requests;
    const now = this.#extras();
    // Where another upload found out meanwhile, this one goes without as well, and learns no more from its answer.
    const isNews = sent.objectSize === now.objectSize && sent.conditional === now.conditional;
    if (isNews && sent.objectSize) abilities.objectSize = false;
    else if (isNews) abilities.conditionalComplete = 'ignored';
    return true;
  }

  /**
   * Looks at the object whatever the answer was: a good one may come from a store that lost a part, a bad one may be
   * all that is left of a Complete that worked.
   * @returns false when the same request may be sent again
   */
  async #isDone(error: unknown, signal: AbortSignal): Promise<boolean> {
    const written = this.#written();
    for (let looks = 1; ; looks++) {
      const whose = await whoseObject(this.#requests, written, { signal });
      if (whose === 'own') return true;
      if (whose === 'cut') {
        // Ours, and not what was sent: nobody may ever take it for good.
        await this.#requests.send({ signal }, (client, bind) =>
          client.send(bind(new DeleteObjectCommand(this.#where))),
        );
        throw this.#lost('it completed the upload with the wrong length');
      }
      if (whose === 'other') throw new AlreadyThere();
      const { code, status } = faultOf(error);
      const forgotten = error === undefined || code === 'NoSuchUpload' || status === 412;
      if (!forgotten) break;
      if (looks === LOOKS) throw error ?? this.#lost('it completed the upload without an object');
      await this.#requests.pause(looks, signal);
    }
    if (!isPassing(error)) throw error;
    return false;
  }

  #lost(reason: string): HoldfastError {
    return new HoldfastError('STORE_ERROR', `The store lost ${this.#where.Key}: ${reason}.`);
  }

  #written() {
    const { Bucket, Key } = this.#where;
    return { bucket: Bucket, key: Key, mark: this.#mark, bytes: this.#bytes };
  }
}

/** What of a Complete some stores do not know. */
interface Extras {
  objectSize: boolean;
  conditional: boolean;
}

const COMPLETE_TRIES = 4;
const ABORT_TRIES = 3;
const LOOKS = 3;
