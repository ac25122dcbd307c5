import { TrailingText } from '../formats/trailing-text.ts';
import { isEmpty, parsePax, WITHOUT_ENTRY, type PaxFields } from './pax.ts';
import { BLOCK_BYTES, parseTarHeader, type TarHeader } from './tar-header.ts';

/** What a tar consists of, in order. Directories and links have no bytes and are passed over. */
export interface TarHandler {
  file(name: string, bytes: number): void;
  /** A view of the chunk that is being parsed. */
  data(chunk: Uint8Array): void;
  fileEnd(): void;
}

const ZEROS = Buffer.alloc(BLOCK_BYTES);
/** An extended header is a few hundred bytes; more than this is no header but garbage that looks like one. */
const EXTENSION_LIMIT = 1024 * 1024;
/** How much is read on after the fault, since the database's explanation may stand behind it. */
const EXPLANATION_LIMIT = 4096;

/**
 * Parses a tar as it passes, without holding more of it than one header. Accepts entries, then exactly two blocks of
 * zeros, then nothing: what a database appends after a failure must never pass as part of an archive.
 */
export class TarParser {
  readonly #handler: TarHandler;
  readonly #tail = new TrailingText();
  readonly #partial = Buffer.alloc(BLOCK_BYTES);
  #partialBytes = 0;
  /** Bytes left of the body of a file or an extended header, and of the padding after it. */
  #body = 0;
  #padding = 0;
  #extension: { header: TarHeader; chunks: Uint8Array[] } | undefined;
  #next: PaxFields = {};
  #inFile = false;
  #zeroBlocks = 0;
  #offset = 0;
  /** Where the header or what should be one begins. */
  #blockOffset = 0;
  #name = '';
  #broken: { detail: string; since: number } | undefined;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** @throws FormatFault */
  update(chunk: Uint8Array): void {
    this.#tail.update(chunk);
    let at = 0;
    while (at < chunk.length && !this.#broken) {
      const taken = this.#step(chunk, at);
      at += taken;
      this.#offset += taken;
    }
    if (this.#broken) {
      this.#offset += chunk.length - at;
      if (this.#offset - this.#broken.since > EXPLANATION_LIMIT) this.#fail(this.#broken.detail);
    }
  }

  /** @throws FormatFault */
  end(): void {
    if (this.#broken) this.#fail(this.#broken.detail);
    if (this.#zeroBlocks === 2) return;
    const where =
      this.#body > 0 || this.#padding > 0
        ? `inside the entry ${this.#name}`
        : this.#partialBytes > 0
          ? 'inside a header'
          : 'before its end mark';
    throw this.#tail.fault('truncated', `is a tar that ends ${where}, after ${this.#offset} bytes`);
  }

  #step(chunk: Uint8Array, at: number): number {
    const available = chunk.length - at;
    if (this.#body > 0) {
      const taken = Math.min(this.#body, available);
      this.#consumeBody(taken === chunk.length ? chunk : chunk.subarray(at, at + taken));
      return taken;
    }
    if (this.#padding > 0) {
      const taken = Math.min(this.#padding, available);
      this.#padding -= taken;
      return taken;
    }
    if (this.#partialBytes === 0) this.#blockOffset = this.#offset;
    if (this.#zeroBlocks === 2) return this.#break('has bytes after its end mark');
    if (this.#partialBytes === 0 && available >= BLOCK_BYTES) {
      this.#consumeBlock(chunk.subarray(at, at + BLOCK_BYTES));
      return BLOCK_BYTES;
    }
    const taken = Math.min(BLOCK_BYTES - this.#partialBytes, available);
    this.#partial.set(chunk.subarray(at, at + taken), this.#partialBytes);
    this.#partialBytes += taken;
    if (this.#partialBytes === BLOCK_BYTES) {
      this.#partialBytes = 0;
      this.#consumeBlock(this.#partial);
    }
    return taken;
  }

  #consumeBody(piece: Uint8Array): void {
    this.#body -= piece.length;
    if (this.#inFile) this.#handler.data(piece);
    // Copied: an extended header may span chunks, and chunks belong to the source.
    else this.#extension?.chunks.push(Buffer.from(piece));
    if (this.#body === 0) this.#endBody();
  }

  #endBody(): void {
    if (this.#inFile) {
      this.#inFile = false;
      this.#handler.fileEnd();
    } else if (this.#extension) {
      const { header, chunks } = this.#extension;
      this.#extension = undefined;
      this.#applyExtension(header, Buffer.concat(chunks));
    }
  }

  #applyExtension(header: TarHeader, body: Buffer): void {
    if (header.kind === 'pax') {
      const fields = parsePax(body);
      if (fields) this.#next = { ...this.#next, ...fields };
      else this.#break('holds an extended header that cannot be read');
    } else if (header.kind === 'long name') {
      this.#next = { ...this.#next, path: body.toString('utf8').replace(/\0.*$/s, '') };
    }
  }

  #consumeBlock(block: Uint8Array): void {
    if (ZEROS.equals(block)) {
      this.#zeroBlocks++;
      if (!isEmpty(this.#next)) this.#break(WITHOUT_ENTRY);
      return;
    }
    const header = parseTarHeader(block);
    if (this.#zeroBlocks > 0) this.#break('has a single block of zeros between its entries');
    else if (!header) this.#break('has bytes where a header should be');
    else if (header.kind === 'unknown') {
      this.#break(`has an entry of the kind "${header.type}", which is not known`);
    } else this.#consumeHeader(header);
  }

  #consumeHeader(header: TarHeader): void {
    const isEntry = header.kind === 'file' || header.kind === 'empty';
    if (!isEntry && header.bytes > EXTENSION_LIMIT) {
      this.#break('has an extended header of impossible size');
      return;
    }
    const bytes = header.kind === 'file' ? (this.#next.size ?? header.bytes) : header.bytes;
    this.#body = bytes;
    this.#padding = (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
    if (isEntry) {
      this.#name = this.#next.path ?? header.name;
      this.#next = {};
      if (header.kind === 'empty') return;
      this.#inFile = true;
      this.#handler.file(this.#name, bytes);
    } else {
      this.#extension = { header, chunks: [] };
    }
    if (bytes === 0) this.#endBody();
  }

  /** Reads on for a while before it throws: the reason may follow. */
  #break(detail: string): number {
    this.#broken = {
      detail: `is a tar that ${detail}, at byte ${this.#blockOffset}`,
      since: this.#offset,
    };
    return 0;
  }

  #fail(detail: string): never {
    throw this.#tail.fault('garbled', detail);
  }
}
