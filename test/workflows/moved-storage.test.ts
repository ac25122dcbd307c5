import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { withDigest } from '../../activities/catalog/manifest-digest.ts';
import type { S3Simulator } from '../simulators/s3/server.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { causeOf } from './world.ts';

/** Where the database writes by its configuration: in one S3 at first, in another later. */
interface Storage {
  endpoint: string;
  prefix?: string;
}

let world: CopyWorld;
let config: { targets: Record<string, { connection: { storage: Storage } }> };
let backup: string;
/** Of the S3 in which the database writes, and of the one that the configuration names later. */
let hosts: { near: string; far: string };

beforeAll(async () => {
  world = await startCopyWorld();
  config = JSON.parse(await readFile(world.holdfast.configPath, 'utf8')) as typeof config;
  hosts = { near: new URL(world.near.url).host, far: new URL(world.far.url).host };
  ({ backup } = await world.holdfast.run('backup', { target: 'far' }));
  await world.copied('far', backup);
});
afterAll(() => world?.stop());
afterEach(async () => {
  world.near.calm();
  await moveTo({ endpoint: world.near.url });
  await run('copy').catch(() => undefined);
});

async function moveTo(storage: Partial<Storage>): Promise<void> {
  const { connection } = config.targets['far']!;
  const moved = { ...connection, storage: { ...connection.storage, ...storage } };
  const far = { ...config.targets['far'], connection: moved };
  await world.holdfast.configure({ ...config, targets: { ...config.targets, far } });
}

/** What would have to read what the database wrote. */
const run = (operation: 'copy' | 'verify' | 'restore') => {
  const plan = { onConflict: 'replace', dryRun: true } as const;
  return world.holdfast.run(operation, {
    target: 'far',
    backup,
    ...(operation === 'restore' ? plan : {}),
  });
};
const failureOf = (operation: Parameters<typeof run>[0]) => run(operation).catch(causeOf);
const proofs = () => world.keys('far', backup).filter((key) => key.startsWith('proofs/'));

/** As earlier versions noted it. */
function notePlace(place: string): void {
  const { digest: _, ...manifest } = world.manifest('far', backup);
  if (manifest.delegated) manifest.delegated.place = place;
  const key = `holdfast/far/${backup}/backup.json`;
  world.far.bucket.put(key, Buffer.from(JSON.stringify(withDigest(manifest))), {}, false);
}

const placeIn = ({ bucketName }: S3Simulator) => `s3://${bucketName}/weaviate`;

test('a manifest names the service of the place, too', () => {
  expect(world.manifest('far', backup).delegated?.place).toBe(
    `${placeIn(world.near)} at ${hosts.near}`,
  );
});

test.each(['copy', 'verify', 'restore'] as const)(
  '%s of what was written elsewhere says where, and calls nothing damaged',
  async (operation) => {
    world.forgetCopy('far', backup);
    const before = proofs();
    await moveTo({ endpoint: world.far.url });
    const failure = await failureOf(operation);
    expect(failure).toMatchObject({ type: 'PRODUCT_STORAGE_MOVED' });
    expect(String(failure)).toContain(`lies in ${placeIn(world.near)} at ${hosts.near} alone`);
    expect(String(failure)).toContain(`writes to ${placeIn(world.far)} at ${hosts.far} now`);
    expect(proofs()).toEqual(before);
  },
);

test('verify and restore go on from the copy, wherever the database writes by now', async () => {
  await moveTo({ endpoint: world.far.url, prefix: 'elsewhere' });
  expect(await run('verify')).toMatchObject({ ok: true, findings: [] });
  expect(await run('restore')).toMatchObject({ dryRun: true });
});

test('what was moved along, or is reached by another name, is read where it is', async () => {
  world.forgetCopy('far', backup);
  for (const [key, { body }] of world.near.bucket.listed(`weaviate/${backup}/`)) {
    world.far.bucket.put(key, body, {}, false);
  }
  await moveTo({ endpoint: world.far.url });
  expect(await run('verify')).toMatchObject({ ok: true, findings: [] });
  expect(await run('copy')).toMatchObject({ backup });
  for (const [key] of world.far.bucket.listed(`weaviate/${backup}/`)) {
    world.far.bucket.remove(key);
  }
});

test('what is gone from the place where it was written is damaged', async () => {
  world.forgetCopy('far', backup);
  const [gone = ''] = world.written(backup);
  const { body } = world.near.bucket.get(`weaviate/${gone}`);
  world.near.bucket.remove(`weaviate/${gone}`);
  expect(await failureOf('copy')).toMatchObject({ type: 'BACKUP_DAMAGED' });
  expect(await run('verify')).toMatchObject({ ok: false });
  world.near.bucket.put(`weaviate/${gone}`, body, {}, false);
});

test('a manifest that does not name the service is compared without it', async () => {
  notePlace(placeIn(world.near));
  world.forgetCopy('far', backup);
  expect(await run('copy')).toMatchObject({ backup });
  world.forgetCopy('far', backup);
  await moveTo({ endpoint: world.far.url, prefix: 'elsewhere' });
  expect(await failureOf('copy')).toMatchObject({ type: 'PRODUCT_STORAGE_MOVED' });
});
