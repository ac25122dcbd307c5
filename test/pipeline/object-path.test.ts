import { describe, expect, test } from 'vitest';
import {
  objectPath,
  objectPrefixes,
  parseObjectPath,
} from '../../activities/pipeline/object-path.ts';

const plain = { codec: 'identity', encrypted: false } as const;

describe('the name of an object', () => {
  test.each([
    ['x.31.tar', { ...plain, attempt: 1 }, 'data/x.31.tar'],
    [
      'x.31.tar',
      { attempt: 2, codec: 'gzip', encrypted: true, part: 7 },
      'data/x.31~2.tar.gz.age.007',
    ],
    ['x.bolt', { ...plain, attempt: 3, part: 1000 }, 'data/x~3.bolt.1000'],
    // The official tool finds its manifest by the end of the name.
    ['x.manifest', { ...plain, attempt: 2, encrypted: true }, 'data/x~2.manifest.age'],
    ['x', { ...plain, attempt: 2 }, 'data/x~2'],
  ] as const)('of %s tells %j', (artifact, parts, path) => {
    expect(objectPath(artifact, parts)).toBe(path);
    expect(parseObjectPath(artifact, path)).toEqual(parts);
    expect(objectPrefixes(artifact).some((prefix) => path.startsWith(prefix))).toBe(true);
  });

  test.each([
    ['x.1.tar', 'data/x.10.tar'],
    ['x.1.tar', 'data/x.1~1.tar'],
    ['x.1.tar', 'data/x.1~2'],
    ['x.1.tar', 'data/x.1.tar~2'],
    ['x.bolt', 'data/x.bolt.age.gz'],
    ['x.bolt', 'data/x.bolt.00'],
  ])('of %s is not %s', (artifact, path) => {
    expect(parseObjectPath(artifact, path)).toBeUndefined();
  });
});
