import { gunzipSync, gzipSync } from 'node:zlib';
import type { Damage, Switches } from './switches.ts';
import { packTar, type Member } from './tar.ts';

const NOTHING = Buffer.alloc(0);

/** The tar that is served: the members in the wanted layout, with the wanted damage. */
export function compose(
  members: Member[],
  name: string,
  { layout, damage }: Pick<Switches, 'layout' | 'damage'>,
): Buffer {
  const damaged = damage === 'none' ? members : damageMembers(members, damage);
  const folder = { flat: '', dot: './', nested: `${name}/` }[layout];
  const placed = damaged.map((member) =>
    /^(\/|\.\.)/.test(member.name) ? member : { ...member, name: folder + member.name },
  );
  const directory: Member[] = folder === '' ? [] : [{ name: folder, body: NOTHING, type: '5' }];
  const tar = packTar([...directory, ...placed], { trailer: damage !== 'no trailer' });
  return damage === 'cut member' ? tar.subarray(0, tar.length - 10_240 - 700) : tar;
}

function damageMembers(members: Member[], damage: Damage): Member[] {
  const shard = members.findIndex(({ name }) => name.endsWith('.s1.tar.gz'));
  const manifest = members.findIndex(({ name }) => name.endsWith('.manifest'));
  const [one, list] = [members[shard], members[manifest]];
  if (!one || !list) throw new Error('The backup has no shard 1, or no manifest.');
  const without = (index: number) => members.filter((_, at) => at !== index);
  const changed = (index: number, change: Partial<Member>) =>
    members.map((member, at) => (at === index ? { ...member, ...change } : member));
  const manifestAs = (text: string) => changed(manifest, { body: Buffer.from(text) });
  switch (damage) {
    case 'missing shard':
      return without(shard);
    case 'missing meta':
      return members.filter(({ name }) => !name.endsWith('.meta'));
    case 'bad gzip':
      return changed(shard, { body: flipped(one.body) });
    case 'cut shard':
      return changed(shard, { body: one.body.subarray(0, one.body.length - 20) });
    case 'bad inner tar':
      return changed(shard, { body: gzipSync(gunzipSync(one.body).subarray(0, -1024)) });
    case 'wrong size':
      return manifestAs(list.body.toString().replace(/("shardID": 1,[^}]*"size": )\d+/, '$14096'));
    case 'files null':
      return manifestAs(list.body.toString().replace(/"files": \[.*\]/s, '"files": null'));
    case 'manifest garbled':
      return manifestAs(list.body.toString().slice(0, -5));
    case 'manifest missing':
      return without(manifest);
    case 'two manifests':
      return [...members, { ...list, name: '20200101T000000Z.manifest' }];
    case 'climbs':
      return changed(shard, { name: `../${one.name}` });
    case 'absolute':
      return changed(shard, { name: `/tmp/${one.name}` });
    case 'link':
      return changed(shard, { type: '2', body: NOTHING, link: '/etc/passwd' });
    case 'device':
      return changed(shard, { type: '3', body: NOTHING });
    case 'absurd size':
      return changed(shard, { size: 2 ** 60 });
    case 'twice':
      return [...members, one];
    case 'stray':
      return [...members, { name: 'README', body: Buffer.from('not of a backup') }];
    case 'none':
    case 'no trailer':
    case 'cut member':
      return members;
  }
}

function flipped(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const at = copy.length >> 1;
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}
