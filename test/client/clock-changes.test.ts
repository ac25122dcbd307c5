import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { describe, expect, inject, it } from 'vitest';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { clockChangeWarnings } from '../../client/schedules/clock-changes.ts';
import type { ScheduledTarget } from '../../client/schedules/difference.ts';

const warned = (cron: string, timeZone: string, now = '2026-11-20T12:00:00Z') =>
  clockChangeWarnings(
    [{ name: 'metrics', schedule: { cron, timeZone } } as ScheduledTarget],
    new Date(now),
  ).map(({ message }) => message);

describe('a schedule in a zone whose clocks are set', () => {
  it('that runs at a time which is skipped is told, with the day', () => {
    expect(warned('30 2 * * *', 'Europe/Berlin')).toEqual([
      'The schedule of metrics (30 2 * * *, Europe/Berlin) does not run on 2027-03-28: the clocks there are set forward over it. Choose another hour, or UTC.',
    ]);
  });

  it.each([
    ['an hour earlier', '59 1 * * *', 'Europe/Berlin'],
    ['an hour later', '0 3 * * *', 'Europe/Berlin'],
    ['every hour', '30 * * * *', 'Europe/Berlin'],
    ['on other days', '30 2 * * 1-5', 'Europe/Berlin'],
    ['in a zone without such changes', '30 2 * * *', 'Asia/Tokyo'],
    ['in UTC', '30 2 * * *', 'UTC'],
  ])('that runs %s is not', (_, cron, timeZone) => {
    expect(warned(cron, timeZone)).toEqual([]);
  });

  it.each([
    ['in the south', '15 2 * * *', 'Australia/Sydney', /does not run on 2027-10-03:/],
    ['at midnight', '@daily', 'Africa/Cairo', /does not run on 2027-04-30:/],
    ['by half an hour', '15 2 * * *', 'Australia/Lord_Howe', /does not run on 2027-10-03:/],
    ['in one month', '0 2 * 3 0', 'America/New_York', /does not run on 2027-03-14:/],
  ])('is told %s', (_, cron, timeZone, told) => {
    expect(warned(cron, timeZone)).toEqual([expect.stringMatching(told)]);
  });
});

it('Temporal does skip such a time, and takes one that comes twice for one', async () => {
  const connection = await openConnection({ address: inject('temporalAddress') });
  const client = new Client({ connection });
  const scheduleId = `clocks-${randomUUID()}`;
  const schedule = await client.schedule.create({
    scheduleId,
    spec: { cronExpressions: ['30 2 * * *'], timezone: 'Europe/Berlin' },
    state: { paused: true },
    action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
  });
  const seconds = (time: string) => ({ seconds: Date.parse(time) / 1000 }) as never;
  const timesBetween = async (from: string, to: string) => {
    const { startTime } = await connection.workflowService.listScheduleMatchingTimes({
      namespace: 'default',
      scheduleId,
      startTime: seconds(from),
      endTime: seconds(to),
    });
    return startTime?.map((time) => new Date(Number(time.seconds) * 1000).toISOString());
  };
  expect(await timesBetween('2027-03-27T12:00:00Z', '2027-03-28T12:00:00Z')).toEqual([]);
  expect(await timesBetween('2027-10-30T12:00:00Z', '2027-10-31T12:00:00Z')).toEqual([
    '2027-10-31T01:30:00.000Z',
  ]);
  await schedule.delete();
  await connection.close();
});
