import { cp, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openBackupDirectory } from '../../activities/products/influxdb-v2/import-directory.ts';
import { findTool } from '../../infra/tools/find-tool.ts';
import { members } from '../influxdb-v1/portable-backup.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import {
  callInflux,
  contentsOf,
  organisationId,
  writeLines,
  type InfluxAddress,
} from '../support/influx.ts';
import { startInfluxd, type Influxd } from '../support/influxd.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { startVersitygw, type Versitygw } from '../support/versitygw.ts';
import { takeBackup } from './adapter.ts';
import { influx } from './influxd.ts';
import { follow, missing, newAgeKey, recoveryBlocks, runBlock } from './recovery-page.ts';

const SOURCE_TOKEN = 'operator-token-of-the-source';
const SPARE_TOKEN = 'operator-token-of-the-spare';
/** Below what the metadata and the shard take, so that each becomes several objects. */
const SMALL_OBJECT = 32 * 1024;

const withoutAge = missing('age', 'age-keygen');
const withoutAws = missing('aws');

describe('docs/recovery-without-holdfast.md', () => {
  let folder: TemporaryFolder;
  let source: Influxd;
  let gateway: Versitygw;
  let aiven: AivenSimulator;
  let holdfast: Holdfast;
  let path: string;

  beforeAll(async () => {
    folder = await temporaryFolder('recovery');
    // Under its own name: in the cache of tools it may have another.
    const programs = join(folder.path, 'bin');
    await mkdir(programs);
    for (const tool of ['influx', 'influxd'] as const)
      await symlink(await findTool(tool), join(programs, tool));
    path = `${programs}:${process.env['PATH']}`;
    source = await startInfluxd({ token: SOURCE_TOKEN });
    // Values that do not compress, in one group of the bucket.
    const lines = Array.from({ length: 12_000 }, (_, i) => {
      return `m,host=h${i % 3} v=${Math.random()} ${1_700_006_400 + i}`;
    });
    await writeLines(source, source.bucket, lines);
    gateway = await startVersitygw({ buckets: ['backups'] });
    aiven = await startAivenSimulator();
    const { project, service, token } = aiven.account;
    process.env['RECOVERY_AIVEN'] = token;
    process.env['RECOVERY_TOKEN'] = SOURCE_TOKEN;
    process.env['RECOVERY_S3_KEY'] = gateway.accessKeyId;
    process.env['RECOVERY_S3_SECRET'] = gateway.secretAccessKey;
    const target = {
      product: 'influxdb-v2',
      connection: { url: source.url, token: { env: 'RECOVERY_TOKEN' } },
    };
    const disk = { type: 'directory', path: 'disk' };
    holdfast = await startHoldfast({
      address: inject('temporalAddress'),
      config: {
        stores: {
          main: {
            type: 's3',
            bucket: 'backups',
            prefix: 'holdfast',
            endpoint: gateway.endpoint,
            region: gateway.region,
            credentials: {
              accessKeyId: { env: 'RECOVERY_S3_KEY' },
              secretAccessKey: { env: 'RECOVERY_S3_SECRET' },
            },
          },
          disk,
          small: { type: 'directory', path: 'small', maxObjectSize: `${SMALL_OBJECT / 1024}KiB` },
        },
        targets: {
          metrics: { ...target, store: 'main' },
          hosted: {
            product: 'aiven-influxdb',
            connection: { project, service, token: { env: 'RECOVERY_AIVEN' }, apiUrl: aiven.url },
            store: 'main',
          },
          plain: { ...target, store: 'disk' },
          ...(withoutAge === undefined && {
            sealed: {
              ...target,
              store: 'small',
              encryption: { recipients: [newAgeKey(identity())] },
            },
          }),
        },
      },
    });
    await mkdir(join(holdfast.folder, 'disk'));
    await mkdir(join(holdfast.folder, 'small'));
  });

  afterAll(async () => {
    await holdfast?.stop();
    await gateway?.stop();
    await aiven?.stop();
    await source?.stop();
    await folder?.remove();
  });

  const identity = () => join(folder.path, 'age-key');

  /** What the page says to set, and what a shell cannot do without. */
  async function variables(name: string, url: string): Promise<Record<string, string>> {
    const recovery = join(folder.path, name);
    await mkdir(recovery);
    return { PATH: path, HOME: folder.path, BACKUP_URL: url, RECOVERY: recovery };
  }

  const destination = ({ url, token }: InfluxAddress) => ({
    INFLUX_HOST: url,
    INFLUX_TOKEN: token,
  });

  test('says how each of its blocks is named', async () => {
    expect([...(await recoveryBlocks()).keys()]).toEqual([
      'fetch-s3',
      'fetch-directory',
      'fetch-named-s3',
      'fetch-named-directory',
      'check',
      'leave-out',
      'decrypt',
      'join',
      'rename',
      'restore-bucket',
      'make-operator-token',
      'restore-server',
      'restore-v1-database',
      'restore-v1-server',
      'stage-weaviate-directory',
      'stage-weaviate-s3',
      'restore-weaviate',
    ]);
  });

  const aws = () => ({
    AWS_ENDPOINT_URL: gateway.endpoint,
    AWS_REGION: gateway.region,
    AWS_ACCESS_KEY_ID: gateway.accessKeyId,
    AWS_SECRET_ACCESS_KEY: gateway.secretAccessKey,
  });

  test('fetches from S3 what an earlier backup holds, and checks it', async ({ skip }) => {
    skip(withoutAws !== undefined, withoutAws);
    await holdfast.run('backup', { target: 'hosted' });
    const { backup } = await holdfast.run('backup', { target: 'hosted' });
    const place = await variables('named', `s3://backups/holdfast/hosted/${backup}`);
    const env = { ...place, ...aws() };
    await follow(['fetch-s3'], env);
    const data = join(String(place['RECOVERY']), 'data');
    expect((await readdir(data)).filter((name) => name.endsWith('.tar.gz'))).toEqual([]);
    await follow(['fetch-named-s3', 'check', 'leave-out', 'decrypt', 'join', 'rename'], env);
    for (const [name, bytes] of members) {
      expect((await readFile(join(data, name))).equals(bytes), name).toBe(true);
    }
  });

  test('restores one bucket from S3', async ({ skip }) => {
    skip(withoutAws !== undefined, withoutAws);
    const { backup } = await holdfast.run('backup', { target: 'metrics' });
    const env = {
      ...(await variables('s3', `s3://backups/holdfast/metrics/${backup}`)),
      ...aws(),
      ...destination(source),
      BUCKET: source.bucket,
    };
    await follow(['fetch-s3', 'check', 'leave-out', 'decrypt', 'join', 'restore-bucket'], env);
    expect(await contentsOf(source, `${source.bucket}-recovered`)).toEqual(
      await contentsOf(source, source.bucket),
    );
  });

  test('restores the whole server from a directory', async () => {
    const { backup } = await holdfast.run('backup', { target: 'plain' });
    const url = join(holdfast.folder, 'disk', 'plain', backup);
    await using spare = await startInfluxd({ token: SPARE_TOKEN, org: 'other', bucket: 'other' });
    await follow(['fetch-directory', 'check', 'leave-out', 'decrypt', 'join', 'restore-server'], {
      ...(await variables('directory', url)),
      ...destination(spare),
      OPERATOR_TOKEN: SOURCE_TOKEN,
    });
    await expectTheSame(spare);
  });

  test('restores the whole server, with dashboards and all, though its tokens are lost', async () => {
    const api = (url: string, token: string, method: string, body?: object) =>
      callInflux({ url, token }, method, '/api/v2/dashboards', body);
    const orgID = await organisationId(source, source.org);
    await api(source.url, SOURCE_TOKEN, 'POST', { orgID, name: 'of the night' });
    const { backup } = await holdfast.run('backup', { target: 'plain' });
    const env = await variables('tokenless', join(holdfast.folder, 'disk', 'plain', backup));
    await follow(['fetch-directory', 'check', 'leave-out'], env);
    const token = await makeOperatorToken(env);
    await using spare = await startInfluxd({ token: SPARE_TOKEN, org: 'other', bucket: 'other' });
    await follow(['restore-server'], { ...env, ...destination(spare), OPERATOR_TOKEN: token });
    await expectTheSame(spare);
    expect((await api(spare.url, token, 'GET')).text).toContain('of the night');
  });

  test('makes a token in metadata that are compressed, as `influx backup` leaves them', async () => {
    const official = join(folder.path, 'official');
    await influx(source, ['backup', official], SOURCE_TOKEN);
    await using taken = await takeBackup(await openBackupDirectory(official));
    const env = await variables('imported', '');
    const data = join(String(env['RECOVERY']), 'data');
    await cp(taken.directory, data, { recursive: true });
    expect((await readdir(data)).filter((name) => name.endsWith('.bolt.gz'))).toHaveLength(1);
    // An attempt whose worker died may have left older metadata, which the backup then holds, too.
    await writeFile(join(data, '20000101T000000Z.bolt'), '');
    const token = await makeOperatorToken(env);
    await using spare = await startInfluxd({ token: SPARE_TOKEN, org: 'other', bucket: 'other' });
    await follow(['restore-server'], { ...env, ...destination(spare), OPERATOR_TOKEN: token });
    await expectTheSame(spare);
  });

  test('leaves alone what a second attempt wrote, which the manifest names', async () => {
    const { backup } = await holdfast.run('backup', { target: 'plain' });
    const env = await variables('second', join(holdfast.folder, 'disk', 'plain', backup));
    await follow(['fetch-directory'], env);
    const data = join(String(env['RECOVERY']), 'data');
    const second = (name: string) => name.replaceAll('.tar', '~2.tar');
    const names = await readdir(data);
    for (const name of names.filter((each) => each.endsWith('.tar'))) {
      await rename(join(data, name), join(data, second(name)));
    }
    const manifest = join(data, names.find((name) => name.endsWith('.manifest')) ?? '');
    await writeFile(manifest, second(await readFile(manifest, 'utf8')));
    await using spare = await startInfluxd({ token: SPARE_TOKEN, org: 'other', bucket: 'other' });
    await follow(['rename', 'restore-server'], {
      ...env,
      ...destination(spare),
      OPERATOR_TOKEN: SOURCE_TOKEN,
    });
    await expectTheSame(spare);
  });

  test('restores the whole server from objects that are encrypted and split', async ({ skip }) => {
    skip(withoutAge !== undefined, withoutAge);
    const { backup } = await holdfast.run('backup', { target: 'sealed' });
    const url = join(holdfast.folder, 'small', 'sealed', backup);
    const names = await readdir(join(url, 'data'));
    expect(names.some((name) => name.endsWith('.tar.age.001'))).toBe(true);
    expect(names.some((name) => name.endsWith('.bolt.age.001'))).toBe(true);
    expect(names.filter((name) => !name.includes('.age'))).toEqual([]);
    await using spare = await startInfluxd({ token: SPARE_TOKEN, org: 'other', bucket: 'other' });
    await follow(['fetch-directory', 'check', 'leave-out', 'decrypt', 'join', 'restore-server'], {
      ...(await variables('sealed', url)),
      IDENTITY: identity(),
      ...destination(spare),
      OPERATOR_TOKEN: SOURCE_TOKEN,
    });
    await expectTheSame(spare);
  });

  test.each(['a shard', 'the list of objects'])('finds one flipped byte in %s', async (what) => {
    const { backup } = await holdfast.run('backup', { target: 'plain' });
    const url = join(holdfast.folder, 'disk', 'plain', backup);
    const env = await variables(`flipped in ${what}`, url);
    await follow(['fetch-directory', 'check'], env);
    const [shard] = (await readdir(join(url, 'data'))).filter((name) => name.endsWith('.tar'));
    const name = what === 'a shard' ? `data/${shard}` : 'objects.ndjson.gz';
    const file = join(String(env['RECOVERY']), name);
    const bytes = await readFile(file);
    // Of a gzip file the fourth byte is one that no reader looks at.
    bytes[what === 'a shard' ? bytes.length >> 1 : 3]! ^= 0x10;
    await writeFile(file, bytes);
    const { code, output } = await runBlock((await recoveryBlocks()).get('check') ?? '', env);
    expect(code).not.toBe(0);
    expect(output).toContain(`${name}: FAILED`);
  });

  async function makeOperatorToken(env: Record<string, string>): Promise<string> {
    const block = (await recoveryBlocks()).get('make-operator-token') ?? '';
    const names = { ORGANISATION: source.org, INFLUX_USER: 'admin' };
    const { code, output } = await runBlock(block, { ...env, ...names });
    expect(code, output).toBe(0);
    return /Recovery Token\s+(\S+)/.exec(output.trim().split('\n').at(-1) ?? '')?.[1] ?? '';
  }

  /** The spare server is the source now: its organisation, and a token that it did not have. */
  async function expectTheSame({ url }: Influxd): Promise<void> {
    const restored = { url, org: source.org, token: SOURCE_TOKEN };
    expect(await contentsOf(restored, source.bucket)).toEqual(
      await contentsOf(source, source.bucket),
    );
  }
});
