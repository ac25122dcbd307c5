import { describe, expect, it } from 'vitest';
import {
  parseFileName,
  parsePortableManifest,
} from '../../activities/pipeline/influxdb-portable/portable-manifest.ts';
import { expected, manifest, manifestFile } from './portable-backup.ts';

const text = manifestFile.toString();

describe('the manifest of a portable backup', () => {
  it('names every file of the backup', () => {
    const named = [manifest.meta.fileName, ...manifest.files.map(({ fileName }) => fileName)];
    const others = expected.members.filter((name) => !name.endsWith('.manifest'));
    expect(named.toSorted()).toEqual(others);
    expect(manifest.files[0]).toMatchObject({ database: 'telemetry', policy: 'raw', shardID: 1 });
  });

  it('without a shard has null in the place of a list', () => {
    const none = text.replace(/"files": \[.*\]/s, '"files": null');
    expect(parsePortableManifest(Buffer.from(none)).files).toEqual([]);
  });

  it.each([
    ['is cut off', text.slice(0, -3), 'it is not JSON'],
    ['lacks a size', text.replace('"size"', '"length"'), 'meta.size'],
    ['names a path', text.replace(/"fileName": "/, '"fileName": "../'), 'meta.fileName'],
    ['has a negative size', text.replace(/"size": \d+/, '"size": -1'), 'meta.size'],
    ['names a file twice', text.replace('.s2.tar.gz', '.s1.tar.gz'), 'names a file twice'],
  ])('that %s is refused', (_, wrong, reason) => {
    expect(() => parsePortableManifest(Buffer.from(wrong))).toThrow(reason);
  });
});

describe('the name of a file', () => {
  it.each([
    ['20261120T020000Z.meta', { base: '20261120T020000Z', kind: 'meta' }],
    ['20261120T020000Z.manifest', { base: '20261120T020000Z', kind: 'manifest' }],
    ['20261120T020000Z.s31.tar.gz', { base: '20261120T020000Z', kind: 'shard', shard: 31 }],
    ['20261120T020000Z.s31.tar', undefined],
    ['meta.00', undefined],
  ])('%s says what it is', (name, meaning) => expect(parseFileName(name)).toEqual(meaning));
});
