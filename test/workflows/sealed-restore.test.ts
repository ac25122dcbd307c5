import { readFile } from 'node:fs/promises';
import { generateX25519Identity } from 'age-encryption';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { call, classesOf, seedArticles } from './seed-articles.ts';
import { causeOf } from './world.ts';

interface Encryption {
  recipients: string[];
  identity?: object;
}
interface Config {
  targets: { sealed: { encryption?: Encryption } };
}

let world: CopyWorld;
let configured: Config;
let encryption: Encryption;
let backup: string;

beforeAll(async () => {
  world = await startCopyWorld();
  configured = JSON.parse(await readFile(world.holdfast.configPath, 'utf8')) as Config;
  encryption = configured.targets.sealed.encryption!;
  backup = await copiedBackup();
});
afterAll(() => world?.stop());
afterEach(() => encrypt(encryption));

/** What the target of the encrypted copy has from now on. */
function encrypt(changed: Encryption | undefined): Promise<void> {
  const { encryption: _, ...rest } = configured.targets.sealed;
  const sealed = { ...rest, ...(changed && { encryption: changed }) };
  return world.holdfast.configure({ ...configured, targets: { ...configured.targets, sealed } });
}

async function copiedBackup(): Promise<string> {
  if ((await classesOf(world.database.url)).length === 0) await seedArticles(world.database.url);
  const taken = await world.holdfast.run('backup', { target: 'sealed' });
  await world.copied('sealed', taken.backup);
  return taken.backup;
}

/** As if database and storage were lost together: nothing is left but the copy. */
async function loseEverything(id: string): Promise<void> {
  for (const name of await classesOf(world.database.url)) {
    await call(world.database.url, 'DELETE', `/v1/schema/${name}`);
  }
  for (const key of world.written(id)) world.near.bucket.objects.delete(`weaviate/${key}`);
}

const putBack = (id: string) =>
  world.near.seen
    .filter(({ operation, key }) => operation === 'PutObject' && key.startsWith(`weaviate/${id}/`))
    .map(({ key }) => key);
const restore = (id = backup, more: object = {}) =>
  world.holdfast.run('restore', { target: 'sealed', backup: id, ...more });
const deep = () => world.holdfast.run('verify', { target: 'sealed', backup, depth: 'deep' });
const withoutIdentity = () => encrypt({ recipients: encryption.recipients });
async function withForeignIdentity(): Promise<void> {
  process.env['TEST_COPY_FOREIGN'] = await generateX25519Identity();
  await encrypt({ ...encryption, identity: { env: 'TEST_COPY_FOREIGN' } });
}

describe('a restore from an encrypted copy alone', () => {
  test.each([
    ['without an identity', withoutIdentity],
    ['with the identity of somebody else', withForeignIdentity],
  ])('is refused %s, in one sentence and before anything changes', async (_, arrange) => {
    await loseEverything(backup);
    await arrange();
    const before = [...world.near.bucket.objects.keys()];
    const asked = world.database.requests.length;
    for (const more of [{}, { dryRun: true }]) {
      const failure = await restore(backup, more).catch(causeOf);
      expect(failure).toMatchObject({
        type: 'IDENTITY_MISSING',
        message: expect.stringMatching(
          /^[^ ]+\.age is encrypted.*; no identity given here opens it\.$/,
        ) as string,
      });
    }
    expect([...world.near.bucket.objects.keys()]).toEqual(before);
    const changes = world.database.requests.slice(asked).filter(({ method }) => method !== 'GET');
    expect(changes).toEqual([]);
    expect(await classesOf(world.database.url)).toEqual([]);
  });

  test('puts everything back with the identity, proves it, and clears it away', async () => {
    await loseEverything(backup);
    const report = await restore();
    expect(report.proof.identical + report.proof.equivalent).toBeGreaterThan(0);
    expect(await classesOf(world.database.url)).toEqual(['Article', 'Note']);
    expect(world.written(backup)).toEqual([]);
  });
});

test('a plan finds that the copy has lost an object, or a part of one', async () => {
  await loseEverything(backup);
  const key = world.keys('sealed', backup).find((one) => one.includes('chunk'))!;
  const place = `holdfast/sealed/${backup}/${key}`;
  const { body } = world.far.bucket.get(place);
  for (const damage of [
    () => world.far.bucket.objects.delete(place),
    () => world.far.bucket.put(place, body.subarray(1), {}, false),
  ]) {
    damage();
    const failure = await restore(backup, { dryRun: true }).catch(causeOf);
    expect(failure).toMatchObject({
      type: 'BACKUP_DAMAGED',
      message: expect.stringContaining(key) as string,
    });
  }
  world.far.bucket.put(place, body, {}, false);
});

describe('a backup that was encrypted only when it was copied', () => {
  let late: string;
  beforeAll(async () => {
    await encrypt(undefined);
    late = await copiedBackup();
    world.forgetCopy('sealed', late);
    await encrypt(encryption);
    await world.holdfast.run('copy', { target: 'sealed', backup: late });
    expect(world.manifest('sealed', late).encryption).toBeFalsy();
    expect(world.collected('sealed', late).encryption).toBeTruthy();
  });

  test('is not restored without the identity, and nothing is put back for it', async () => {
    await loseEverything(late);
    await withoutIdentity();
    world.near.seen.length = 0;
    const failure = await restore(late).catch(causeOf);
    expect(failure).toMatchObject({ type: 'IDENTITY_MISSING' });
    expect(world.written(late)).toEqual([]);
    expect(putBack(late)).toEqual([]);
  });

  test('comes back with it', async () => {
    await loseEverything(late);
    const report = await restore(late);
    expect(report.proof.identical + report.proof.equivalent).toBeGreaterThan(0);
  });
});

describe('verify --deep of an encrypted copy', () => {
  test('reads every byte with the identity', async () => {
    expect(await deep()).toMatchObject({ ok: true, onlyHashed: 0, findings: [] });
  });

  test('without it compares the hashes of every object, and says how many it could not open', async () => {
    await withoutIdentity();
    const { objects, ...report } = await deep();
    expect(report).toMatchObject({ ok: true, findings: [] });
    // All but the two lists are encrypted: what the product wrote, and the census.
    expect(report.onlyHashed).toBe(objects);
  });

  test('with the identity of somebody else alone it does the same, and says once whose it takes', async () => {
    await withForeignIdentity();
    const { objects, ...report } = await deep();
    expect(report).toMatchObject({ ok: true, findings: [], onlyHashed: objects });
    const [recipient = ''] = world.manifest('sealed', backup).encryption?.recipients ?? [];
    expect(report.warnings).toMatchObject([{ code: 'ONLY_HASHED' }]);
    expect(report.warnings[0]?.message).toContain(recipient);
  });

  test('finds a changed byte with the identity and without', async () => {
    const key = world.keys('sealed', backup).find((one) => one.includes('chunk'))!;
    const place = `holdfast/sealed/${backup}/${key}`;
    const { body } = world.far.bucket.get(place);
    const spoilt = Buffer.from(body);
    spoilt[spoilt.length - 1]! ^= 1;
    world.far.bucket.put(place, spoilt, {}, false);
    for (const arrange of [() => encrypt(encryption), withoutIdentity, withForeignIdentity]) {
      await arrange();
      const { ok, findings } = await deep();
      expect(ok).toBe(false);
      expect(findings.map(({ object }) => object)).toEqual([expect.stringContaining(key)]);
    }
    world.far.bucket.put(place, body, {}, false);
  });
});
