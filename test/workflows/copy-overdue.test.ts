import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ALWAYS } from '../simulators/s3/faults.ts';
import { run } from '../client/command.ts';
import { summariesIn } from '../support/summaries.ts';
import { startWebhook, type Webhook } from '../support/webhook.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { causeOf } from './world.ts';

let world: CopyWorld;
let webhook: Webhook;

beforeAll(async () => {
  webhook = await startWebhook();
  process.env['TEST_COPY_WEBHOOK'] = webhook.url;
  world = await startCopyWorld({
    copy: '3s',
    notify: [{ webhook: { env: 'TEST_COPY_WEBHOOK' }, on: ['succeeded', 'failed'] }],
  });
});
afterAll(async () => {
  await world?.stop();
  await webhook?.[Symbol.asyncDispose]();
});

test('a copy that does not end in time fails, is told everywhere, and can be taken up again', async () => {
  const data = /^holdfast\/near\/.*\/data\/.*chunk/;
  const fault = { kind: 'stall', executed: false } as const;
  world.near.plan({ on: 'CopyObject', key: data, times: ALWAYS, fault });
  const { backup } = await world.holdfast.run('backup', { target: 'near' });

  const failure = await world.copied('near', backup).catch(causeOf);
  expect(failure).toMatchObject({ type: 'COPY_OVERDUE' });
  expect(String(failure)).toContain(backup);
  const copy = world.holdfast.client.workflow.getHandle(`copy/near/${backup}`);
  expect(summariesIn(await copy.fetchHistory())).toContain('deadline');
  // Whoever is told knows from the first moment that the bytes lie beside the database alone, and that it stays so.
  expect(webhook.notices).toMatchObject([
    {
      operation: 'backup',
      outcome: 'succeeded',
      text: expect.stringContaining(`alone until copy/near/${backup} has ended.`) as string,
      sameFailureDomain: { copy: `copy/near/${backup}` },
    },
    { operation: 'copy', outcome: 'failed', code: 'COPY_OVERDUE', backup },
  ]);
  expect(world.keys('near', backup).filter((key) => key.startsWith('leases/'))).toEqual([]);

  const command = (...args: string[]) =>
    run([...args, '--config', world.holdfast.configPath, '--json'], {
      env: {
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        TEMPORAL_NAMESPACE: world.holdfast.namespace,
        ...Object.fromEntries(
          ['KEY', 'SECRET', 'IDENTITY', 'WEBHOOK'].map((name) => [
            `TEST_COPY_${name}`,
            process.env[`TEST_COPY_${name}`] ?? '',
          ]),
        ),
      },
    });
  const listed = await command('list', 'near');
  expect(listed.result).toMatchObject({
    backups: [{ backup, copy: 'overdue', sameFailureDomain: true }],
  });
  const doctor = await command('doctor');
  expect(doctor.code).toBe(8);
  expect(doctor.result['checks']).toContainEqual(
    expect.objectContaining({
      area: 'copies',
      subject: 'near',
      level: 'problem',
      message: expect.stringMatching(new RegExp(`COPY_OVERDUE: ${backup}`)) as string,
    }),
  );

  world.near.calm();
  await world.allowCopies('10m');
  const report = await world.holdfast.run('copy', { target: 'near', backup });
  expect(report).toMatchObject({ backup, method: 'server-side' });
  const shown = await command('show', 'near', backup, '--objects');
  expect(shown.result).toMatchObject({
    copy: 'copied',
    // The bucket that the database writes to holds its copies too.
    sameFailureDomain: true,
    collected: { method: 'server-side' },
  });
  const { backup: distant } = await world.holdfast.run('backup', { target: 'far' });
  await world.copied('far', distant);
  expect((await command('list', 'far')).result).toMatchObject({
    backups: [{ backup: distant, copy: 'copied', sameFailureDomain: false }],
  });
});
