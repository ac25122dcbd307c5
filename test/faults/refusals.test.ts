import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BackupReport } from '../../workflows/contract/operations.ts';
import { audit, isLocked } from './audit.ts';
import { ending, until } from './following.ts';
import { bucketsOf, HASTE, setStage, type Stage } from './stage.ts';

let stage: Stage;
let backup: BackupReport;
let buckets: string[];
let targets: Stage['config']['targets'];
/** No refusal may wait for the last of so many attempts. */
const ATTEMPTS = 10_000;
const SENTENCE = /^\S[^\n]*[.?]$/;
const BUCKET = { into: 'spare', select: { buckets: ['telemetry'] }, rename: { 'acme/': 'other' } };

beforeAll(async () => {
  stage = await setStage({
    shards: 10,
    target: { timeouts: { ...HASTE, attempts: ATTEMPTS, retryPause: '5m' } },
  });
  backup = await stage.holdfast.run('backup', { target: 'metrics' });
  buckets = bucketsOf(stage.spare);
  targets = structuredClone(stage.config.targets);
});
afterAll(() => stage?.stop());
afterEach(async () => {
  stage.source.calm();
  stage.config.targets = structuredClone(targets);
  await stage.reconfigure();
  stage.s3.reset();
  expect(await audit(stage)).toEqual({ backups: [backup.backup], problems: [] });
  expect(bucketsOf(stage.spare)).toEqual(buckets);
  for (const target of ['metrics', 'spare']) {
    expect(await isLocked(stage.holdfast.client, `target/${target}`)).toBe(false);
  }
});

async function refused(
  operation: 'backup' | 'restore' | 'verify',
  input: object,
  code: string,
): Promise<string> {
  const handle = await stage.holdfast.start(operation, input as { target: string });
  const { status, message, code: got } = await ending(handle);
  expect({ status, code: got }).toEqual({ status: 'FAILED', code });
  expect(message).toMatch(SENTENCE);
  expect(message).not.toMatch(/\bat .*:\d+:\d+/);
  return message;
}

async function changed(target: string, more: object): Promise<void> {
  stage.config.targets[target] = { ...stage.config.targets[target], ...more };
  await stage.reconfigure();
}

describe('a backup is refused at once, with one sentence, and writes nothing,', () => {
  test('when a recipient of its encryption cannot be used', async () => {
    await changed('metrics', { encryption: { recipients: [`age1${'q'.repeat(58)}`] } });
    const message = await refused('backup', { target: 'metrics' }, 'ENCRYPTION_UNUSABLE');
    expect(message).toMatch(/age1/);
  });

  test('when its token is that of an organisation, not of an operator', async () => {
    process.env['FAULTS_ORG_TOKEN'] = stage.source.orgToken;
    await changed('metrics', {
      connection: { url: stage.source.url, token: { env: 'FAULTS_ORG_TOKEN' } },
    });
    await refused('backup', { target: 'metrics' }, 'PERMISSION_MISSING');
  });

  test('when its token is revoked in mid-run', async () => {
    stage.source.requests.length = 0;
    stage.source.switches.bytesPerSecond = 20;
    const handle = await stage.holdfast.start('backup', { target: 'metrics' });
    await until('it streams', () =>
      stage.source.requests.some(({ path }) => path.includes('backup/shards/')),
    );
    stage.source.switches.tokenRevoked = true;
    stage.source.switches.bytesPerSecond = 0;
    expect(await ending(handle)).toMatchObject({ status: 'FAILED', code: 'AUTH_REJECTED' });
  });

  test('when another program answers at its address', async () => {
    await changed('metrics', {
      connection: { url: stage.s3.url, token: { env: 'FAULTS_SOURCE_TOKEN' } },
    });
    await refused('backup', { target: 'metrics' }, 'WRONG_SERVER');
  });

  test('when the file of a secret is not there', async () => {
    await changed('metrics', {
      connection: { url: stage.source.url, token: { file: '/nonexistent/token' } },
    });
    await refused('backup', { target: 'metrics' }, 'SECRET_MISSING');
  });

  test('when the configuration is broken', async () => {
    await changed('metrics', { stor: 'disk' });
    const handle = await stage.holdfast.start('backup', { target: 'metrics' });
    expect(await ending(handle)).toMatchObject({ status: 'FAILED', code: 'CONFIG_INVALID' });
  });
});

describe('a restore is refused at once, with one sentence, and changes nothing,', () => {
  test('when its destination is protected', async () => {
    await changed('spare', { protected: true });
    const message = await refused('restore', { target: 'metrics', ...BUCKET }, 'TARGET_PROTECTED');
    expect(message).toMatch(/spare/);
  });

  test('when this host has no identity for what is encrypted', async () => {
    const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
    await changed('remote', { encryption: { recipients: [recipient] } });
    const sealed = await stage.holdfast.run('backup', { target: 'remote' });
    const input = { target: 'remote', backup: sealed.backup, ...BUCKET };
    expect(await refused('restore', input, 'IDENTITY_MISSING')).toMatch(/identity/);
    const verified = await stage.holdfast.run('verify', {
      target: 'remote',
      backup: sealed.backup,
      depth: 'deep',
    });
    expect(verified).toMatchObject({ ok: true, onlyHashed: sealed.objects });
    expect((await audit(stage)).problems).toEqual([]);
  });

  test('when the identity is not on this host, which the backup does not need', async () => {
    const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
    const identity = { file: '/nowhere/age-key' };
    await changed('remote', { encryption: { recipients: [recipient], identity } });
    const { backup: sealed } = await stage.holdfast.run('backup', { target: 'remote' });
    const input = { target: 'remote', backup: sealed };
    expect(await refused('restore', { ...input, ...BUCKET }, 'SECRET_MISSING')).toMatch(/nowhere/);
    await refused('verify', { ...input, depth: 'deep' }, 'SECRET_MISSING');
  });

  test.each([
    [{ into: 'nowhere' }, 'TARGET_UNKNOWN', /nowhere/],
    [{ ...BUCKET, backup: '2020-01-01t00-00-00z-abcdef' }, 'BACKUP_UNKNOWN', /2020-01-01/],
    [{ into: 'spare' }, 'CONFIRM_REQUIRED', /spare/],
    [{ into: 'spare', confirm: 'Spare' }, 'CONFIRM_REQUIRED', /Spare/],
    [{ ...BUCKET, select: { buckets: ['nothing'] } }, 'SELECTION_EMPTY', /nothing/],
    [{ ...BUCKET, rename: { nobody: 'x' } }, 'INPUT_INVALID', /nobody/],
    [{ ...BUCKET, confirn: 'spare' }, 'INPUT_INVALID', /confirm/],
    [{ ...BUCKET, onConflict: 'overwrite' }, 'INPUT_INVALID', /onConflict/],
    [{ ...BUCKET, dryRun: 'yes' }, 'INPUT_INVALID', /dryRun/],
    [{ select: { buckets: ['telemetry'] } }, 'DESTINATION_EXISTS', /telemetry/],
  ])('given %j', async (more, code, named) => {
    expect(await refused('restore', { target: 'metrics', ...more }, code)).toMatch(named);
  });
});

describe('a verification is refused', () => {
  test.each([
    [{ target: 'metrics', depth: 'deepest' }, 'INPUT_INVALID', /depth/],
    [{ target: 'spare' }, 'BACKUP_UNKNOWN', /spare/],
    [{ target: ['metrics'] }, 'INPUT_INVALID', /target/],
  ])('given %j', async (input, code, named) => {
    expect(await refused('verify', input, code)).toMatch(named);
  });
});
