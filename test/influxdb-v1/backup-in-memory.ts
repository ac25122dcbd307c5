import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import type { BackupReader } from '../../activities/products/product.ts';
import { members as fixture, unpack } from './portable-backup.ts';

/** Long after everything that the committed backup holds. */
const CAPTURED = '2026-11-20T02:00:00Z';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A committed backup with these files in `data/`, as a restore reads it. */
export function backupInMemory(members: Map<string, Buffer> = fixture): BackupReader {
  const lines = [...members].map(([name, bytes]) => lineOf(name, bytes));
  return {
    manifest: {
      id: '2026-11-20t02-00-00z-7f3a1c',
      target: 'aiven',
      product: { name: 'aiven-influxdb', version: '1.8', identity: '' },
      times: { captured: { from: CAPTURED, to: CAPTURED } },
    } as Manifest,
    async *objects() {
      yield* lines;
    },
    async *open(wanted, { decompress = false } = {}) {
      for (const { path, codec } of wanted) {
        const bytes = members.get(path.slice('data/'.length));
        if (!bytes) throw new Error(`There is no ${path}.`);
        yield decompress && codec === 'gzip' ? gunzipSync(bytes) : bytes;
      }
    },
  };
}

function lineOf(name: string, bytes: Buffer): ObjectLine {
  const isShard = name.endsWith('.tar.gz');
  const entries = isShard
    ? [...unpack(gunzipSync(bytes))].map(([path, body]) => ({
        name: path,
        bytes: body.length,
        sha256: sha256(body),
      }))
    : undefined;
  return {
    path: `data/${name}`,
    bytes: bytes.length,
    sha256: sha256(bytes),
    codec: isShard ? 'gzip' : 'identity',
    encrypted: false,
    role: isShard ? 'shard' : 'metadata',
    subject: name,
    ...(entries ? { entries } : {}),
  };
}
