import { createGunzip } from 'node:zlib';
import type { Entry } from '../../catalog/manifest.ts';
import { gzipFault } from './gzip-fault.ts';
import type { Inspector, StreamInspector } from './inspector.ts';
import { TrailingText } from './trailing-text.ts';

const INFLATED_CHUNK_BYTES = 128 * 1024;

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

  async update(chunk: Uint8Array): Promise<void> {
    this.#received += chunk.length;
    this.#tail.update(chunk);
    // The inflater works on another thread: while it does, this chunk is already on its way to the store.
    await this.#writing;
    if (this.#fault) throw this.#fault;
    const written = new Promise<void>((resolve) => this.#gunzip.write(chunk, () => resolve()));
    // After the end of the gzip the inflater takes no more, and answers no more either.
    this.#writing = Promise.race([written, this.#ended]);
  }

  async end(): Promise<void> {
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
