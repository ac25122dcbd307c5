import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parsePortableMetadata } from '../../activities/pipeline/influxdb-portable/metadata.ts';
import { parsePortableManifest } from '../../activities/pipeline/influxdb-portable/portable-manifest.ts';
import { TarParser } from '../../activities/pipeline/tar/tar-parser.ts';

const FOLDER = new URL('../fixtures/influxdb-v1-portable/', import.meta.url);

/** `{ database: { policy: { measurement: { field: points } } } }`, as a server says it after the official restore. */
export type Points = Record<string, Record<string, Record<string, Record<string, number>>>>;

export const expected = JSON.parse(readFileSync(new URL('expected.json', FOLDER), 'utf8')) as {
  members: string[];
  points: Points;
};

/** The members of the committed backup, which a real InfluxDB 1 wrote. */
export const members = unpack(readFileSync(new URL('backup.tar', FOLDER)));

export const metadataFile = member('.meta');
export const manifestFile = member('.manifest');
export const metadata = parsePortableMetadata(metadataFile);
export const manifest = parsePortableManifest(manifestFile);

/** The tar of a shard. */
export function shardTar(shard: number): Buffer {
  return gunzipSync(member(`.s${shard}.tar.gz`));
}

function member(suffix: string): Buffer {
  const found = [...members].find(([name]) => name.endsWith(suffix));
  if (!found) throw new Error(`The backup has no ${suffix}.`);
  return found[1];
}

/** The files of a tar that lies in memory. */
export function unpack(tar: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  let name = '';
  let parts: Uint8Array[] = [];
  const parser = new TarParser({
    file: (path) => {
      name = path;
      parts = [];
    },
    data: (chunk) => parts.push(chunk),
    fileEnd: () => files.set(name, Buffer.concat(parts)),
  });
  parser.update(tar);
  parser.end();
  return files;
}
