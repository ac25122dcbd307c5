import { crc32 } from 'node:zlib';
import { HoldfastError } from '../../failure.ts';
import type { Release } from '../byte-budget.ts';
import { hexOf } from './checksum.ts';
import { Interruption, onAbort, settledWithin } from '../interruption.ts';
import type { StoreResources } from '../resources.ts';
import { nextOf, SourceFailure, stopSource } from '../stop-source.ts';
import { PartsUpload } from './multipart-upload.ts';
import type { PartSizes } from './part-sizes.ts';
import { putOnce } from './put-object.ts';
import type { S3Requests } from './requests.ts';

/** What a stream may hold before it asks for a part's buffer: most objects of many backups are smaller than this. */
const SMALL = 256 * 1024;
/** How long a caller waits for the end of an upload that failed; it goes on afterwards by itself. */
const CLEANING_MS = 500;

export interface UploadContext {
  requests: S3Requests;
  resources: StoreResources;
  sizes: PartSizes;
  /** Told of work that goes on after the call has ended. */
  background: (work: Promise<unknown>) => void;
  /** Translates what is not the source's failure. */
  failed: (error: unknown) => unknown;
}

/** Creates an object from a stream: as one PutObject when it is small, else in parts. @returns what was sent */
export async function uploadStream(
  context: UploadContext,
  where: { bucket: string; key: string },
  source: AsyncIterable<Uint8Array>,
  { signal, announced }: { signal?: AbortSignal | undefined; announced?: number | undefined },
): Promise<Sent> {
  const stop = new AbortController();
  const forget = onAbort(signal, () => stop.abort(signal?.reason));
  const stream = new StreamUpload(context, where, source[Symbol.asyncIterator](), {
    stop,
    announced,
  });
  try {
    signal?.throwIfAborted();
    return await stream.run();
  } catch (error) {
    stop.abort(error);
    await stream.cleanUp();
    throw error instanceof SourceFailure ? error.thrown : context.failed(error);
  } finally {
    forget();
    stream.end();
  }
}

interface Sent {
  bytes: number;
  crc32: string;
}

interface Part {
  number: number;
  buffer: Buffer;
  filled: number;
  release: Release;
}

class StreamUpload {
  readonly #context: UploadContext;
  readonly #where: { bucket: string; key: string };
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #stop: AbortController;
  readonly #announced: number | undefined;
  readonly #interruption: Interruption;
  readonly #upload: PartsUpload;
  readonly #inFlight = new Set<Promise<void>>();
  #filling: Part | undefined;
  #parts = 0;
  #total = 0;
  /** Taken while the bytes are at hand: later costs double. */
  #crc = 0;
  #ended = false;

  constructor(
    context: UploadContext,
    where: { bucket: string; key: string },
    iterator: AsyncIterator<Uint8Array>,
    { stop, announced }: { stop: AbortController; announced: number | undefined },
  ) {
    this.#context = context;
    this.#where = where;
    this.#iterator = iterator;
    this.#stop = stop;
    this.#announced = announced;
    this.#interruption = new Interruption(stop.signal);
    this.#upload = new PartsUpload(context.requests, where);
  }

  async run(): Promise<Sent> {
    await this.#sendAll();
    return { bytes: this.#total, crc32: hexOf(this.#crc) };
  }

  async #sendAll(): Promise<void> {
    const small = await this.#gather();
    if (this.#ended) {
      await this.#put(small.length === 1 && small[0] ? small[0] : Buffer.concat(small));
      return;
    }
    for (const chunk of small.splice(0)) await this.#add(chunk);
    for (let chunk = await this.#next(); chunk; chunk = await this.#next()) await this.#add(chunk);
    const last = this.#filling;
    if (this.#parts === 1 && last) {
      await this.#put(last.buffer.subarray(0, last.filled));
      this.#giveBack(last);
      return;
    }
    if (last) this.#send(last);
    await this.#interruption.wait(Promise.all(this.#inFlight));
    await this.#upload.complete(this.#stop.signal);
  }

  /** Settles within a second, whatever stalls. What cannot be ended so soon goes on behind it. */
  async cleanUp(): Promise<void> {
    const sending = Promise.allSettled(this.#inFlight);
    const cleaning = sending.then(() => this.#upload.abort()).catch(() => undefined);
    this.#context.background(cleaning);
    this.#filling?.release();
    await Promise.all([
      this.#ended || stopSource(this.#iterator),
      settledWithin(cleaning, CLEANING_MS),
    ]);
  }

  end(): void {
    this.#interruption.end();
  }

  async #next(): Promise<Uint8Array | undefined> {
    const next = await this.#interruption.wait(nextOf(this.#iterator));
    if (next.done) {
      this.#ended = true;
      return undefined;
    }
    this.#total += next.value.byteLength;
    this.#crc = crc32(next.value, this.#crc);
    if (this.#total > this.#context.sizes.maxObjectBytes) throw this.#tooLong();
    return next.value;
  }

  async #gather(): Promise<Uint8Array[]> {
    const chunks: Uint8Array[] = [];
    while (this.#total <= SMALL) {
      const chunk = await this.#next();
      if (!chunk) break;
      chunks.push(chunk);
    }
    return chunks;
  }

  /** A full part is sent when the next byte comes, not before: until then it may be the whole object. */
  async #add(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.byteLength;) {
      const part = await this.#room();
      const taken = Math.min(chunk.byteLength - from, part.buffer.byteLength - part.filled);
      part.buffer.set(chunk.subarray(from, from + taken), part.filled);
      part.filled += taken;
      from += taken;
    }
  }

  async #room(): Promise<Part> {
    const filling = this.#filling;
    if (filling && filling.filled < filling.buffer.byteLength) return filling;
    const { sizes } = this.#context;
    if (filling && filling.buffer.byteLength < sizes.sizeOf(1)) return this.#enlarge(filling);
    if (filling) this.#send(filling);
    this.#filling = undefined;
    const number = this.#parts + 1;
    while (this.#inFlight.size >= sizes.inFlight(number)) {
      await this.#interruption.wait(Promise.race(this.#inFlight));
    }
    const size = sizes.sizeOf(number);
    return this.#begin(number, number === 1 ? Math.min(size, this.#announcedRoom()) : size);
  }

  async #begin(number: number, size: number): Promise<Part> {
    const { budget, buffers } = this.#context.resources;
    const release = await budget.acquire(size, this.#stop.signal);
    this.#parts = number;
    this.#filling = { number, buffer: buffers.take(size), filled: 0, release };
    return this.#filling;
  }

  /** In few sizes, so that the buffers are used again; with room for what encryption adds. */
  #announcedRoom(): number {
    const announced = (this.#announced ?? Infinity) * 1.001 + 1024;
    return Math.max(2 * SMALL, 2 ** Math.ceil(Math.log2(announced)));
  }

  /** The stream is longer than it was said to be: its first part has to be a full one. */
  async #enlarge(small: Part): Promise<Part> {
    // Whoever waits for bytes must not hold any.
    small.release();
    const { sizes, resources } = this.#context;
    const part = await this.#begin(1, sizes.sizeOf(1));
    part.buffer.set(small.buffer.subarray(0, small.filled));
    part.filled = small.filled;
    resources.buffers.giveBack(small.buffer);
    return part;
  }

  #send(part: Part): void {
    this.#filling = undefined;
    const body = part.buffer.subarray(0, part.filled);
    const sending = this.#upload.sendPart(part.number, body, this.#stop.signal).then(
      () => this.#giveBack(part),
      (error: unknown) => {
        // The buffer is left to the garbage collector: a cut request may still be reading it.
        part.release();
        this.#stop.abort(error);
      },
    );
    this.#inFlight.add(sending);
    void sending.then(() => this.#inFlight.delete(sending));
  }

  /** The whole stream. */
  async #put(body: Uint8Array): Promise<void> {
    await putOnce(this.#context.requests, this.#where, body, this.#stop.signal, this.#crc);
  }

  #giveBack(part: Part): void {
    if (this.#filling === part) this.#filling = undefined;
    this.#context.resources.buffers.giveBack(part.buffer);
    part.release();
  }

  #tooLong(): HoldfastError {
    const { maxObjectBytes } = this.#context.sizes;
    return new HoldfastError(
      'STORE_REFUSED',
      `An object takes up to ${maxObjectBytes} bytes, and ${this.#where.key} is longer.`,
    );
  }
}
