import type { InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import type { Fault as Switch, Trap } from '../simulators/influxdb-v2/switches.ts';
import type { Random } from './prng.ts';
import type { AskedRestore, Contents, Fault } from './world.ts';

/** Of another server, into `spare`. */
export function drawRestore(random: Random, name: string): AskedRestore {
  const bucket = random.of(['telemetry', 'telemetry', 'heavy']);
  const one = (as: string) => (source: Contents) =>
    new Map([[`other/${as}`, source.get(`acme/${bucket}`) ?? 'none']]);
  const select = { buckets: [bucket] };
  switch (random.of(['beside', 'beside', 'replace', 'whole'] as const)) {
    case 'beside':
      return {
        name: `${bucket} beside, as ${name}`,
        input: { into: 'spare', select, rename: { 'acme/': 'other', [bucket]: name } },
        brings: one(name),
      };
    case 'replace':
      return {
        name: `${bucket} in the place of another`,
        input: {
          into: 'spare',
          select,
          rename: { 'acme/': 'other', [bucket]: 'other' },
          onConflict: 'replace',
          confirm: 'spare',
        },
        replaces: ['other/other'],
        brings: one('other'),
      };
    case 'whole':
      return {
        name: 'whole',
        input: { into: 'spare', confirm: 'spare' },
        whole: true,
        brings: (source) => source,
      };
  }
}

/** Of `spare`, into `spare`. */
export function drawHomecoming(random: Random, name: string): AskedRestore {
  const select = { buckets: ['other'] };
  const one = (as: string) => (source: Contents) =>
    new Map([[`other/${as}`, source.get('other/other') ?? 'none']]);
  switch (random.of(['beside', 'replace', 'whole'] as const)) {
    case 'beside':
      return {
        name: `beside, as ${name}`,
        input: { select, rename: { other: name } },
        brings: one(name),
      };
    case 'replace':
      return {
        name: 'in its own place',
        input: { select, onConflict: 'replace', confirm: 'spare' },
        replaces: ['other/other'],
        brings: one('other'),
      };
    case 'whole':
      return {
        name: 'whole',
        input: { confirm: 'spare' },
        whole: true,
        brings: (source) => source,
      };
  }
}

const PASSING: Switch[] = [
  'metadataCut',
  'shardTail',
  'shardBroken',
  'shardCut',
  'shardReset',
  'shardStalls',
  'shardGarbled',
  'unavailable',
  'tooManyRequests',
  'internalError',
  'connectionLost',
  'silent',
  'compactAfterRestore',
  'bucketAnswerLost',
  'kvAnswerLost',
  'restoreDiskFull',
  'restoreFlipsBit',
];
const ENDING: Switch[] = ['tokenRevoked', 'kvRefused', 'labelRefused', 'restoreDiskFull'];

export function drawServerFault(
  random: Random,
  source: InfluxSimulator,
  spare: InfluxSimulator | undefined,
): Fault {
  const where = spare ? random.of(['source', 'spare'] as const) : 'source';
  const server = where === 'spare' && spare ? spare : source;
  const pace = random.of([10_000, 40_000]);
  if (random.chance(0.2)) {
    return {
      name: `${where}: ${pace} bytes per second`,
      begin: () => void Object.assign(server.switches, { bytesPerSecond: pace }),
    };
  }
  if (random.chance(0.1)) {
    return { name: `${where}: restart`, begin: () => server.restart(500) };
  }
  const ends = random.chance(0.15);
  const name = random.of(ends ? ENDING : PASSING);
  const times: Trap = random.between(1, name === 'silent' || name === 'shardStalls' ? 2 : 6);
  return {
    name: `${where}: ${name}, ${times} times`,
    begin: () => void Object.assign(server.switches, { [name]: times }),
    ends: ends || name.startsWith('restore'),
  };
}
