/**
 * Buffers for parts, used again and again: fresh ones of this size come from the operating system page by page, which
 * costs as much as filling them. Idle ones are forgotten after a while, so that a quiet worker is small.
 */
export class PartBuffers {
  readonly #keepBytes: number;
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;
  #trim: NodeJS.Timeout | undefined;

  constructor(keepBytes: number) {
    this.#keepBytes = keepBytes;
  }

  take(size: number): Buffer {
    const buffer = this.#idle.get(size)?.pop();
    if (!buffer) return Buffer.allocUnsafeSlow(size);
    this.#idleBytes -= size;
    return buffer;
  }

  /** Only for a buffer that no request can still be reading. */
  giveBack(buffer: Buffer): void {
    if (this.#idleBytes + buffer.byteLength > this.#keepBytes) return;
    const idle = this.#idle.get(buffer.byteLength) ?? [];
    this.#idle.set(buffer.byteLength, idle);
    idle.push(buffer);
    this.#idleBytes += buffer.byteLength;
    this.#trim ??= setTimeout(() => this.clear(), IDLE_MS).unref();
    this.#trim.refresh();
  }

  clear(): void {
    clearTimeout(this.#trim);
    this.#trim = undefined;
    this.#idle.clear();
    this.#idleBytes = 0;
  }
}

const IDLE_MS = 30_000;
