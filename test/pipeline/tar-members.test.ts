import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../activities/pipeline/formats/format-fault.ts';
import { tarMembers } from '../../activities/pipeline/tar/tar-members.ts';
import { END_MARK, padded, paxRecord, tarArchive, tarHeader } from './tar-archive.ts';

const fixture = readFileSync(
  new URL('../fixtures/influxdb-v1-portable/backup.tar', import.meta.url),
);

async function* inSteps(bytes: Buffer, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

async function read(bytes: Buffer, step = 1000): Promise<[string, string, number][]> {
  const found: [string, string, number][] = [];
  for await (const { name, type, body } of tarMembers(inSteps(bytes, step))) {
    let length = 0;
    for await (const chunk of body) length += chunk.length;
    found.push([name, type, length]);
  }
  return found;
}

const two = tarArchive([
  { name: 'a', body: Buffer.alloc(700, 1) },
  { name: 'b', body: Buffer.alloc(0) },
]);

describe('the members of a tar', () => {
  it.each([1, 511, 512, 100_000])('come with their bodies, in chunks of %i bytes', async (step) => {
    expect(await read(two, step)).toEqual([
      ['a', '0', 700],
      ['b', '0', 0],
    ]);
  });

  it('may be passed over', async () => {
    const names: string[] = [];
    for await (const { name } of tarMembers(inSteps(two, 100))) names.push(name);
    expect(names).toEqual(['a', 'b']);
  });

  it('may be followed by zeros up to a whole record, and by nothing else', async () => {
    expect(await read(Buffer.concat([two, Buffer.alloc(10_000)]))).toHaveLength(2);
    await expect(read(Buffer.concat([two, Buffer.from('x')]))).rejects.toThrow(
      'after its end mark',
    );
  });

  it('bear long names, and tell links and directories', async () => {
    const name = `${'folder/'.repeat(30)}file`;
    const record = Buffer.from(paxRecord('path', name));
    const tar = Buffer.concat([
      tarHeader({ name: 'd/', size: 0, type: '5' }),
      tarHeader({ name: 'x', size: record.length, type: 'x' }),
      padded(record),
      tarHeader({ name: 'short', size: 3 }),
      padded(Buffer.from('abc')),
      tarHeader({ name: 'l', size: 0, type: '2' }),
      END_MARK,
    ]);
    expect(await read(tar)).toEqual([
      ['d/', '5', 0],
      [name, '0', 3],
      ['l', '2', 0],
    ]);
  });

  it.each([
    ['inside an entry', two.subarray(0, 600), 'inside the entry a'],
    ['before the end mark', two.subarray(0, -1024), 'before its end mark'],
    ['inside the end mark', two.subarray(0, -512), 'before its end mark'],
    ['inside a header', two.subarray(0, -1200), 'inside a header'],
  ])('that end %s are a fault', async (_, bytes, words) => {
    await expect(read(bytes)).rejects.toThrow(words);
  });

  it('that are cut anywhere before their end mark are never taken for whole', async () => {
    for (let length = 0; length < fixture.length; length += 97) {
      await expect(read(fixture.subarray(0, length)), `${length} bytes`).rejects.toThrow(
        FormatFault,
      );
    }
  });

  it('close their source when nobody reads on', async () => {
    let closed = false;
    const source = (async function* () {
      try {
        yield* inSteps(two, 512);
      } finally {
        closed = true;
      }
    })();
    for await (const { name } of tarMembers(source)) if (name === 'a') break;
    expect(closed).toBe(true);
  });
});
