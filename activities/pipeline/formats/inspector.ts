import type { Entry } from '../../catalog/manifest.ts';
import type { ArtifactPlan, OpenArtifact } from '../../products/product.ts';
import { BoltInspector } from './bolt.ts';
import { GunzipInspector } from './gunzip-inspector.ts';
import { SizeInspector } from './size.ts';
import { SqliteInspector } from './sqlite.ts';
import { TarInspector } from './tar.ts';

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

/** @param bytes the exact size after decompression, where it is known; only the format `bytes` is measured by it */
export function createInspector(
  format: ArtifactPlan['format'],
  codec: OpenArtifact['codec'],
  bytes?: number,
): StreamInspector {
  const inspector = plainInspector(format, bytes);
  return codec === 'gzip' ? new GunzipInspector(inspector) : inspector;
}

function plainInspector(format: ArtifactPlan['format'], bytes: number | undefined): Inspector {
  switch (format) {
    case 'tar':
      return new TarInspector();
    case 'bolt':
      return new BoltInspector();
    case 'sqlite':
      return new SqliteInspector();
    case 'bytes':
      return new SizeInspector(bytes);
  }
}
