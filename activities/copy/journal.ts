import type { CopyReceipt } from './copy-work.ts';

/** What a worker that dies may have to read back, or to copy once more. */
const UNWRITTEN_BYTES = 256 * 1024 * 1024;

/** Keeps in the store what is done, a little at a time, so that whoever comes next need not do it again. */
export class Journal {
  readonly #write: (part: number, done: CopyReceipt[]) => Promise<void>;
  #done: CopyReceipt[] = [];
  #bytes = 0;
  #parts = 0;

  constructor(write: (part: number, done: CopyReceipt[]) => Promise<void>) {
    this.#write = write;
  }

  async note(receipt: CopyReceipt): Promise<void> {
    this.#done.push(receipt);
    this.#bytes += receipt.lines.reduce((sum, line) => sum + line.bytes, 0);
    if (this.#bytes >= UNWRITTEN_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const done = this.#done;
    if (done.length === 0) return;
    [this.#done, this.#bytes] = [[], 0];
    this.#parts += 1;
    await this.#write(this.#parts, done);
  }
}
