import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { describe, expect, inject, it } from 'vitest';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { dayFieldWarnings } from '../../client/schedules/day-fields.ts';
import type { ScheduledTarget } from '../../client/schedules/difference.ts';

const warned = (cron: string) =>
  dayFieldWarnings([{ name: 'metrics', schedule: { cron } } as ScheduledTarget]).map(
    ({ message }) => message,
  );

describe('a schedule that names days of the month and days of the week', () => {
  it('is told, since crontab would run it on either', () => {
    expect(warned('0 2 1 * 0')).toEqual([
      'The schedule of metrics (0 2 1 * 0) runs only on days that are both in its day of month (1) and in its day of week (0), where crontab takes either. Write * for one of the two if you mean the other alone.',
    ]);
    expect(warned('0 2 1-31 * sun')).toHaveLength(1);
  });

  it.each(['0 2 * * 0', '0 2 1 * *', '0 2 */2 * 1', '0 2 1 * ?', '@weekly', '@monthly'])(
    'is not one of %s, which means the same to both',
    (cron) => {
      expect(warned(cron)).toEqual([]);
    },
  );
});

it('Temporal does run it only on days that are both', async () => {
  const connection = await openConnection({ address: inject('temporalAddress') });
  const client = new Client({ connection });
  const scheduleId = `days-${randomUUID()}`;
  const schedule = await client.schedule.create({
    scheduleId,
    spec: { cronExpressions: ['0 2 1 * 0'] },
    state: { paused: true },
    action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
  });
  const seconds = (time: string) => ({ seconds: Date.parse(time) / 1000 }) as never;
  const { startTime } = await connection.workflowService.listScheduleMatchingTimes({
    namespace: 'default',
    scheduleId,
    startTime: seconds('2027-01-01T00:00:00Z'),
    endTime: seconds('2028-01-01T00:00:00Z'),
  });
  expect(startTime?.map(({ seconds: at }) => new Date(Number(at) * 1000).toISOString())).toEqual([
    '2027-08-01T02:00:00.000Z',
  ]);
  await schedule.delete();
  await connection.close();
});
