import type { Entry } from '../../catalog/manifest.ts';

/**
 * Looks at the bytes of one artifact while they pass, and throws a `FormatFault` as soon as they are wrong, at the
 * latest from `end`. Keeps no more than a few KiB of them and the last chunk, and never changes a chunk.
 */
export interface Inspector {
  update(chunk: Uint8Array): void;
  end(): void;
  /** The files of a tar, complete after `end`. */
  readonly entries?: Entry[];
}

/** An inspector that may have to wait: nothing returned means that the next chunk may come at once. */
export interface StreamInspector {
  update(chunk: Uint8Array): void | Promise<void>;
  end(): void | Promise<void>;
  /** Frees what it holds; for streams that are given up. */
  close?(): void;
  readonly entries?: Entry[] | undefined;
}
