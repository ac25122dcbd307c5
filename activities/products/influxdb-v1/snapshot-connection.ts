import { connect, type Socket } from 'node:net';
import { errors } from 'undici';
import { HoldfastError } from '../../failure.ts';
import { CONNECT_MS } from '../../http/client.ts';
import { connectFailure } from '../../http/translate.ts';
import { StallWatch } from '../../stall-watch.ts';

/** Where the snapshot protocol is spoken: no authentication, no encryption, no word about failures. */
export interface SnapshotAddress {
  host: string;
  port: number;
  /** For people: `InfluxDB at http://127.0.0.1:8086`. */
  server: string;
  stallMs: number;
  signal: AbortSignal;
  /** Default: as long as for its queries. */
  connectMs?: number;
}

/** Flushing a cache before the first byte, and indexing a shard after the last, take the server their time. */
const PATIENCE = 10;
/** Chooses the snapshot protocol among those that share the port. */
const PROTOCOL = 0x03;

/**
 * One request of the snapshot protocol: a connection each. Every call ends within a second of the signal.
 *
 * Servers before 1.8.10 take what follows the request with a single read, so all that is not streamed goes out in one
 * write with it.
 */
export class SnapshotConnection {
  readonly #address: SnapshotAddress;
  readonly #operation: string;
  readonly #socket: Socket;
  readonly #watch: StallWatch;
  readonly #connecting: NodeJS.Timeout;
  readonly #onAbort = () => this.#socket.destroy();
  /** What has arrived and nobody has read. */
  readonly #arrived: Buffer[] = [];
  #closed = false;
  #connected = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  /** @param operation for people: `uploading shard 31` */
  constructor(address: SnapshotAddress, operation: string) {
    this.#address = address;
    this.#operation = operation;
    address.signal.throwIfAborted();
    const { host, port, signal, stallMs, connectMs = CONNECT_MS } = address;
    this.#socket = connect({ host, port, noDelay: true });
    // Packets that a firewall drops get no answer at all.
    this.#connecting = setTimeout(() => this.#fail(new errors.ConnectTimeoutError()), connectMs);
    this.#watch = new StallWatch(stallMs * PATIENCE, () => this.#fail(this.#stalled()));
    this.#socket.on('connect', () => {
      this.#connected = true;
      clearTimeout(this.#connecting);
      this.#wake?.();
    });
    this.#socket.on('data', (chunk) => {
      this.#arrived.push(chunk);
      // One chunk at a time: what nobody reads must not fill the memory.
      this.#socket.pause();
      this.#wake?.();
    });
    this.#socket.on('drain', () => this.#wake?.());
    this.#socket.on('error', (error) => (this.#error ??= error));
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Sends the beginning of a request, with all that must arrive together with it. */
  async begin(type: number, rest: Buffer): Promise<void> {
    await this.#until(() => this.#connected);
    this.#socket.write(Buffer.concat([Buffer.from([PROTOCOL, type]), rest]));
  }

  /** Sends more, and waits while the server takes no more. @throws when the server has closed before */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw this.#failure();
    if (this.#socket.write(bytes)) return;
    await this.#until(() => !this.#socket.writableNeedDrain);
  }

  /** What the server sends until it closes. A reset is an end here: only the content tells whether it was whole. */
  async *read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#arrived.shift();
        if (chunk) {
          yield chunk;
          continue;
        }
        this.#socket.resume();
        if (!(await this.#untilDataOrClose())) return;
      }
    } finally {
      this.close();
    }
  }

  /** The server closes when it has finished; how it closes says nothing. */
  async ended(): Promise<void> {
    this.#socket.resume();
    while (await this.#untilDataOrClose()) {
      this.#arrived.length = 0;
      this.#socket.resume();
    }
  }

  close(): void {
    this.#address.signal.removeEventListener('abort', this.#onAbort);
    this.#watch.stop();
    clearTimeout(this.#connecting);
    this.#socket.destroy();
  }

  /** @returns false when the server closed */
  async #untilDataOrClose(): Promise<boolean> {
    await this.#wait(() => this.#arrived.length > 0 || this.#closed);
    this.#address.signal.throwIfAborted();
    if (this.#error instanceof HoldfastError) throw this.#error;
    return this.#arrived.length > 0;
  }

  async #until(reached: () => boolean): Promise<void> {
    await this.#wait(() => reached() || this.#closed);
    if (this.#closed) throw this.#failure();
  }

  async #wait(reached: () => boolean): Promise<void> {
    this.#watch.touch();
    while (!reached()) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    this.#watch.pause();
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  #failure(): unknown {
    const { signal, server, host, port } = this.#address;
    if (signal.aborted) return signal.reason;
    if (this.#error instanceof HoldfastError) return this.#error;
    const operation = `${this.#operation} by ${host}:${port}`;
    if (!this.#connected) return connectFailure(this.#error, { server, operation });
    return new HoldfastError(
      'TARGET_ERROR',
      `${server}: ${operation} failed: the server closed the connection before it had everything.`,
      { cause: this.#error },
    );
  }

  #stalled(): HoldfastError {
    const { server, stallMs } = this.#address;
    return new HoldfastError(
      'SOURCE_STALLED',
      `${server}: ${this.#operation} stalled: nothing moved for ${Math.round((stallMs * PATIENCE) / 1000)} s.`,
    );
  }
}
