import type { ArtifactPlan, OpenArtifact } from '../../products/product.ts';
import { BoltInspector } from './bolt.ts';
import { GunzipInspector } from './gunzip-inspector.ts';
import type { Inspector, StreamInspector } from './inspector.ts';
import { SizeInspector } from './size.ts';
import { SqliteInspector } from './sqlite.ts';
import { TarInspector } from './tar.ts';

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
