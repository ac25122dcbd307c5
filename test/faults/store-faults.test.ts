import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ALWAYS, type FaultRule } from '../simulators/s3/faults.ts';
import { audit, isLocked } from './audit.ts';
import { ending } from './following.ts';
import { bucketsOf, pointsOf, setStage, type Stage } from './stage.ts';

let stage: Stage;
let large: Stage;

beforeAll(async () => {
  stage = await setStage();
  large = await setStage({ shards: 2, shardBytes: 12 * 1024 * 1024 });
});
afterAll(async () => {
  await stage?.stop();
  await large?.stop();
});
afterEach(async () => {
  for (const one of [stage, large]) {
    one.s3.reset();
    expect(await isLocked(one.holdfast.client, 'target/remote')).toBe(false);
  }
});

const backup = async (on = stage) =>
  ending(await on.holdfast.start('backup', { target: 'remote' }));
const SENTENCE = /^[A-Z`][^\n]*\.$/;
const denied = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
const DELETES = ['DeleteObject', 'DeleteObjects'] as const;

describe('a backup into a store that refuses ends at once, says why, and leaves nothing', () => {
  const refusals: [string, FaultRule, string][] = [
    ['writing', { on: 'PutObject', times: ALWAYS, fault: denied }, 'STORE_DENIED'],
    [
      'writing in mid-run',
      { on: 'PutObject', skip: 30, times: ALWAYS, fault: denied },
      'STORE_DENIED',
    ],
    [
      'the manifest',
      { on: 'PutObject', key: /backup\.json/, times: ALWAYS, fault: denied },
      'STORE_DENIED',
    ],
    [
      'for want of room',
      {
        on: 'PutObject',
        skip: 30,
        times: ALWAYS,
        fault: { kind: 'answer', status: 507, code: 'InsufficientStorage' },
      },
      'STORE_FULL',
    ],
    [
      'a form of request',
      {
        on: 'PutObject',
        skip: 3,
        times: ALWAYS,
        fault: { kind: 'answer', status: 400, code: 'InvalidArgument' },
      },
      'STORE_REFUSED',
    ],
  ];
  test.each(refusals)('%s', async (_, rule, code) => {
    stage.s3.plan(rule);
    const end = await backup();
    expect(end).toMatchObject({ status: 'FAILED', code, warnings: [] });
    expect(end.message).toMatch(SENTENCE);
    expect(await audit(stage)).toEqual({ backups: [], problems: [] });
  });

  test('for its first reason, whatever fails on account of it', async () => {
    stage.s3.plan(
      {
        on: 'PutObject',
        key: /data\/.*\.tar/,
        skip: 30,
        times: ALWAYS,
        fault: { kind: 'answer', status: 507, code: 'InsufficientStorage' },
      },
      { on: 'PutObject', key: /work\/partial/, times: ALWAYS, fault: denied },
    );
    expect(await backup()).toMatchObject({ status: 'FAILED', code: 'STORE_FULL' });
    expect(await audit(stage)).toEqual({ backups: [], problems: [] });
  });

  test('because its bucket is missing', async () => {
    stage.s3.dropBucket(true);
    const end = await backup();
    expect(end).toMatchObject({ status: 'FAILED', code: 'STORE_BUCKET_MISSING' });
    expect(end.message).toMatch(/backups/);
    expect(end.message).toMatch(SENTENCE);
  });

  test('because its key is unknown', async () => {
    stage.s3.acceptKeys(['another']);
    const end = await backup();
    expect(end).toMatchObject({ status: 'FAILED', code: 'STORE_DENIED' });
    expect(end.message).not.toContain('access-key-of-the-store');
  });
});

describe('a store that does not let go of objects', () => {
  test('keeps the plan of a backup, which is complete all the same', async () => {
    stage.s3.plan({ on: [...DELETES], times: ALWAYS, fault: denied });
    const end = await backup();
    expect(end).toMatchObject({ status: 'COMPLETED' });
    expect(end.warnings).toContain('FAILED_AFTER_COMMIT');
    const { backups, problems } = await audit(stage);
    expect(backups).toEqual([end.report['backup']]);
    expect(problems.filter((problem) => !problem.includes('/work/'))).toEqual([]);
  });

  test('does not hide why a backup failed', async () => {
    stage.source.switches.tokenRevoked = false;
    stage.s3.plan({ on: [...DELETES], times: ALWAYS, fault: denied });
    stage.s3.plan({
      on: 'PutObject',
      skip: 40,
      times: ALWAYS,
      fault: { kind: 'answer', status: 507, code: 'InsufficientStorage' },
    });
    const end = await backup();
    expect(end).toMatchObject({ status: 'FAILED', code: 'STORE_FULL' });
    expect(end.warnings).toContain('LEFTOVERS');
  });

  test('does not undo a restore, which says what is left', async () => {
    await stage.holdfast.run('backup', { target: 'remote' });
    stage.s3.plan({ on: [...DELETES], times: ALWAYS, fault: denied });
    const end = await ending(
      await stage.holdfast.start('restore', {
        target: 'remote',
        into: 'spare',
        select: { buckets: ['telemetry'] },
        rename: { 'acme/': 'other' },
      }),
    );
    expect(end).toMatchObject({ status: 'COMPLETED', code: '' });
    expect(end.warnings).toContain('LEFTOVERS');
    expect(await pointsOf(stage.spare, 'telemetry')).toEqual(
      await pointsOf(stage.source, 'telemetry'),
    );
  });
});

describe('a backup over faults of its store that pass is whole', () => {
  const passing: [string, FaultRule][] = [
    [
      'overloaded',
      {
        on: ['PutObject', 'UploadPart', 'GetObject'],
        skip: 3,
        times: 25,
        fault: { kind: 'answer', status: 503, code: 'SlowDown' },
      },
    ],
    [
      'an internal error',
      {
        on: ['PutObject', 'HeadObject', 'ListObjectsV2'],
        skip: 5,
        times: 12,
        fault: { kind: 'answer', status: 500, code: 'InternalError' },
      },
    ],
    [
      'an error inside a 200',
      {
        on: 'CompleteMultipartUpload',
        times: 2,
        fault: { kind: 'error-in-200', code: 'InternalError', executed: false },
      },
    ],
    [
      'an error inside a 200 that is not true',
      {
        on: 'CompleteMultipartUpload',
        fault: { kind: 'error-in-200', code: 'InternalError', executed: true },
      },
    ],
    [
      'a reset in the middle of a part',
      { on: 'UploadPart', times: 3, fault: { kind: 'reset-upload', afterBytes: 1_000_000 } },
    ],
    [
      'a conflict',
      {
        on: ['PutObject', 'CompleteMultipartUpload'],
        times: 3,
        fault: { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' },
      },
    ],
    [
      'the answer to Complete is lost',
      { on: 'CompleteMultipartUpload', times: 2, fault: { kind: 'lost-answer' } },
    ],
    [
      'the answer to an object is lost',
      { on: 'PutObject', skip: 2, times: 3, fault: { kind: 'lost-answer' } },
    ],
    [
      'the answer to the manifest is lost',
      { on: 'PutObject', key: /backup\.json/, fault: { kind: 'lost-answer' } },
    ],
    ['a part is lost in Complete', { on: 'CompleteMultipartUpload', fault: { kind: 'lost-part' } }],
    [
      'a header is not implemented',
      {
        on: ['PutObject', 'CompleteMultipartUpload'],
        times: ALWAYS,
        fault: { kind: 'refused-header', header: 'if-none-match' },
      },
    ],
  ];
  test.each(passing)('%s', async (_, rule) => {
    for (const one of [large, stage]) {
      const parts = [rule.on].flat().some((on) => on === 'UploadPart' || on.startsWith('Complete'));
      if (parts !== (one === large) && one === large) continue;
      // What the store itself got wrong is removed, and written again.
      const rewritten = rule.fault.kind === 'lost-part';
      one.s3.plan(rule);
      const end = await backup(one);
      const { backups, problems } = await audit(one);
      const wrong = problems.filter((problem) => !rewritten || !/more than once/.test(problem));
      expect(end).toMatchObject({ status: 'COMPLETED', report: { state: 'ok' } });
      expect({ backups, problems: wrong }).toEqual({
        backups: [end.report['backup']],
        problems: [],
      });
    }
  });
});

test('a backup is whole over a store that does not see for a moment what it took', async () => {
  const { bucket } = stage.s3;
  bucket.unlisted = /\.tar/;
  stage.s3.plan({
    on: 'HeadObject',
    key: /\.tar/,
    times: 3,
    fault: { kind: 'answer', status: 404, code: 'NotFound' },
  });
  const end = await backup();
  bucket.unlisted = undefined;
  expect(end).toMatchObject({ status: 'COMPLETED', report: { state: 'ok' } });
  expect(await audit(stage)).toEqual({ backups: [end.report['backup']], problems: [] });
});

describe('a directory', () => {
  const local = async () => ending(await stage.holdfast.start('backup', { target: 'metrics' }));

  test('that is not there is named, and not created', async () => {
    const { disk } = stage.config.stores;
    stage.config.stores['disk'] = { ...disk, path: join(stage.disk, 'not-mounted') };
    await stage.reconfigure();
    const end = await local();
    stage.config.stores['disk'] = { ...disk };
    await stage.reconfigure();
    expect(end).toMatchObject({ status: 'FAILED', code: 'STORE_BUCKET_MISSING' });
    expect(end.message).toContain('not-mounted');
    expect(end.message).toMatch(SENTENCE);
  });

  test('in which something is in the way fails with one sentence', async () => {
    await writeFile(join(stage.disk, 'metrics'), 'a file where a folder should be');
    const end = await local();
    await rm(join(stage.disk, 'metrics'));
    expect(end.status).toBe('FAILED');
    expect(end.code).toMatch(/^STORE_/);
    expect(end.message).toMatch(SENTENCE);
  });

  test('of another host is refused', async () => {
    await mkdir(stage.disk, { recursive: true });
    await writeFile(join(stage.disk, '.holdfast-host'), 'f00dfacef00dface another-host\n');
    const end = await local();
    await rm(join(stage.disk, '.holdfast-host'));
    expect(end).toMatchObject({ status: 'FAILED', code: 'STORE_NOT_SHARED' });
    expect(end.message).toContain('another-host');
    expect((await audit(stage)).problems).toEqual([]);
  });
});

test('no restore of these tests has left anything at its destination', () => {
  expect(bucketsOf(stage.spare)).toEqual(['other/other', 'other/telemetry']);
});
