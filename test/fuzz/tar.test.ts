import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Digest } from '../../activities/pipeline/digest.ts';
import { TarInspector } from '../../activities/pipeline/formats/tar.ts';
import { tarMembers } from '../../activities/pipeline/tar/tar-members.ts';
import { shardTar } from '../influxdb-v1/portable-backup.ts';
import { END_MARK, padded, paxRecord, tarHeader } from '../pipeline/tar-archive.ts';
import { bytesOf } from '../pipeline/streams.ts';
import type { Damage } from './damage.ts';
import { fuzz, inRandomChunks, type Case } from './fuzz.ts';
import { outcomeOf } from './outcome.ts';

const BLOCK = 512;

interface Member {
  name: string;
  bytes: number;
  sha256: string;
}

/** As the walker of a whole backup reads it. */
async function walk(source: AsyncIterable<Uint8Array>): Promise<Member[]> {
  const found: Member[] = [];
  for await (const { name, type, body } of tarMembers(source)) {
    const digest = new Digest();
    for await (const chunk of body) digest.update(chunk);
    if (type === '0' || type === '7')
      found.push({ name, bytes: digest.bytes, sha256: digest.sha256 });
  }
  return found;
}

/** As a shard that passes is inspected. */
async function inspect(source: AsyncIterable<Uint8Array>): Promise<Member[]> {
  const inspector = new TarInspector();
  for await (const chunk of source) inspector.update(chunk);
  inspector.end();
  return inspector.entries;
}

/** What a byte of a tar of plain files belongs to. Only headers are protected by a checksum of the tar's own. */
function partOf(members: Member[], at: number): 'header' | 'padding' | 'end' | Member {
  let next = 0;
  for (const member of members) {
    if (at < next + BLOCK) return 'header';
    next += BLOCK;
    if (at < next + member.bytes) return member;
    next += Math.ceil(member.bytes / BLOCK) * BLOCK;
    if (at < next) return 'padding';
  }
  return 'end';
}

async function judge(original: Member[], whole: number, { bytes, damage, random }: Case) {
  const walked = await outcomeOf(() => walk(inRandomChunks(bytes, random)));
  const inspected = await outcomeOf(() => inspect(inRandomChunks(bytes, random)));
  // The inspector wants the end right behind the end mark; apart from that the two must be of one mind.
  if (inspected) expect(walked).toEqual(inspected);
  if (damage.kind === 'cut') {
    expect(inspected, 'a tar that was cut').toEqual(
      damage.at === whole ? { accepted: original } : undefined,
    );
    expect(walked !== undefined, 'a tar that was cut').toBe(damage.at >= whole);
  }
  if (damage.kind === 'flip' && walked) {
    const part = partOf(original, damage.at);
    expect(part, 'what became of the zeros at the end').not.toBe('end');
    if (typeof part === 'string') expect(walked.accepted).toEqual(original);
    else {
      const others = original.filter((member) => member !== part);
      expect(walked.accepted.filter(({ name }) => name !== part.name)).toEqual(others);
      expect(walked.accepted.find(({ name }) => name === part.name)?.bytes).toBe(part.bytes);
    }
  }
  if (inspected) {
    // Nothing was passed over.
    const accounted = inspected.accepted.reduce(
      (sum, member) => sum + BLOCK + Math.ceil(member.bytes / BLOCK) * BLOCK,
      2 * BLOCK,
    );
    expect(accounted).toBeLessThanOrEqual(bytes.length);
  }
}

const backup = readFileSync(
  new URL('../fixtures/influxdb-v1-portable/backup.tar', import.meta.url),
);

describe('a tar with random damage', () => {
  it.each([
    ['the tar of a backup', backup],
    ['the tar of a shard', shardTar(3)],
    ['the tar of a backup, as tar fills it up', Buffer.concat([backup, Buffer.alloc(10_240)])],
  ])('is refused, or is as it was but for the bodies: %s', async (name, original) => {
    const members = await walk(inRandomChunks(original, () => 0.5));
    const whole = original.length - trailing(original);
    await fuzz(name, original, { cases: 450, block: BLOCK }, (one) => judge(members, whole, one));
  });

  it('is refused, or is as long as it was, when names are long', async () => {
    const record = Buffer.from(paxRecord('path', `${'folder/'.repeat(30)}file`));
    const original = Buffer.concat([
      tarHeader({ name: 'd/', size: 0, type: '5' }),
      tarHeader({ name: 'x', size: record.length, type: 'x' }),
      padded(record),
      tarHeader({ name: 'short', size: 700 }),
      padded(bytesOf(700)),
      tarHeader({ name: 'l', size: 0, type: '2' }),
      tarHeader({ name: 'y', size: 300, type: 'L' }),
      padded(Buffer.from('long/'.repeat(60))),
      tarHeader({ name: 'short', size: 600 }),
      padded(bytesOf(600)),
      END_MARK,
    ]);
    // The last entry is missing, and its long name is there.
    const at = original.length - 5 * BLOCK;
    const regressions: Damage[] = [{ kind: 'splice', at, removed: 3 * BLOCK, from: 0, length: 0 }];
    await fuzz(
      'a tar with extended headers',
      original,
      { cases: 450, block: BLOCK, regressions },
      async ({ bytes, damage, random }) => {
        const walked = await outcomeOf(() => walk(inRandomChunks(bytes, random)));
        const inspected = await outcomeOf(() => inspect(inRandomChunks(bytes, random)));
        if (inspected) expect(walked).toEqual(inspected);
        if (damage.kind === 'cut' || regressions.includes(damage)) expect(walked).toBeUndefined();
        // The text of a name is protected by nothing, its length and whose name it is are.
        if (damage.kind === 'flip' && walked) {
          expect(walked.accepted.map((member) => member.bytes)).toEqual([700, 600]);
        }
      },
    );
  });
});

/** Zeros behind the two blocks that end the tar. */
function trailing(tar: Buffer): number {
  let end = tar.length;
  while (end >= BLOCK && tar.subarray(end - BLOCK, end).every((byte) => byte === 0)) end -= BLOCK;
  return tar.length - end - 2 * BLOCK;
}
