import { createGunzip } from 'node:zlib';
import type { Entry } from '../../catalog/manifest.ts';
import { gzipFault } from './gzip-fault.ts';
import type { Inspector, StreamInspector } from './inspector.ts';
import { TrailingText } from './trailing-text.ts';

const INFLATED_CHUNK_BYTES = 128 * 1024;
/** What is collected before it is inflated: each call of the inflater crosses threads, and a server sends small chunks. */
const BATCH_BYTES = 128 * 1024;

/**
 * Inflates beside the stream, which is stored as it comes: proves the gzip's own length and CRC and that nothing
 * follows it, and shows the inflated bytes to the inspector of their format.
 */
export class GunzipInspector implements StreamInspector {
  readonly #inner: Inspector;
  readonly #gunzip = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  readonly #tail = new TrailingText();
  /** Settles when the inflater has ended, well or not. */
  readonly #ended: Promise<void>;
  #received = 0;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #writing: Promise<void> | undefined;
  #fault: Error | undefined;

  constructor(inner: Inspector) {
    this.#inner = inner;
    this.#gunzip.on('data', (chunk: Buffer) => this.#inspect(chunk));
    this.#ended = new Promise((resolve) => {
      this.#gunzip.on('end', resolve);
      this.#gunzip.on('close', resolve);
      this.#gunzip.on('error', (error) => {
        this.#fault ??= gzipFault(error, this.#tail);
        resolve();
      });
    });
  }

  get entries(): Entry[] | undefined {
    return this.#inner.entries;
  }

  update(chunk: Uint8Array): Promise<void> | void {
    this.#received += chunk.length;
    this.#tail.update(chunk);
    if (this.#fault) throw this.#fault;
    this.#batch.push(chunk);
    this.#batchBytes += chunk.length;
    return this.#batchBytes < BATCH_BYTES ? undefined : this.#inflate();
  }

  async end(): Promise<void> {
    await this.#inflate();
    await this.#writing;
    if (!this.#fault) this.#gunzip.end();
    await this.#ended;
    if (this.#fault) throw this.#fault;
    if (this.#gunzip.bytesWritten !== this.#received) {
      throw this.#tail.fault(
        'garbled',
        `is a gzip followed by ${this.#received - this.#gunzip.bytesWritten} bytes that do not belong to it`,
      );
    }
    this.#inner.end();
  }

  close(): void {
    this.#gunzip.destroy();
  }

  async #inflate(): Promise<void> {
    // The inflater works on another thread: while it does, these chunks are already on their way to the store.
    await this.#writing;
    if (this.#fault) throw this.#fault;
    const bytes = this.#batch.length === 1 ? this.#batch[0] : Buffer.concat(this.#batch);
    this.#batch = [];
    this.#batchBytes = 0;
    const written = new Promise<void>((resolve) => this.#gunzip.write(bytes, () => resolve()));
    // After the end of the gzip the inflater takes no more, and answers no more either.
    this.#writing = Promise.race([written, this.#ended]);
  }

  #inspect(chunk: Buffer): void {
    if (this.#fault) return;
    try {
      this.#inner.update(chunk);
    } catch (error) {
      // An event handler must not throw: nobody could catch it.
      this.#fault = error as Error;
      this.#gunzip.destroy();
    }
  }
}
