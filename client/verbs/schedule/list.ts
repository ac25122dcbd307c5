import type { Command } from 'commander';
import { type FoundSchedule, listSchedules } from '../../schedules/find-schedules.ts';
import { humanAge, humanTime } from '../../terminal/figures.ts';
import { printable } from '../../terminal/output.ts';
import { renderTable } from '../../terminal/table.ts';
import { verb } from '../../verb.ts';

export function scheduleListVerb(schedule: Command): void {
  verb(
    schedule.command('list').description('list the schedules that Holdfast made in Temporal'),
    { examples: ['schedule list'] },
    async (call) => {
      const schedules = await listSchedules(await call.temporal());
      call.output.result(
        { schedules },
        schedules.length === 0
          ? [
              'There are no schedules.',
              '`holdfast schedule apply` makes those of the configuration.',
            ]
          : [...scheduleLines(schedules, call.output.tableWidth), ...pauseLines(schedules)],
      );
    },
  );
}

function pauseLines(schedules: FoundSchedule[]): string[] {
  return schedules.flatMap(({ target, paused, note }) =>
    paused && note ? [printable(`${target} is paused: ${note}`)] : [],
  );
}

export function scheduleLines(schedules: FoundSchedule[], width: number): string[] {
  return renderTable(
    [
      { title: 'TARGET', flexible: true },
      { title: 'CRON', flexible: true },
      { title: 'ZONE', flexible: true },
      { title: 'NEXT' },
      { title: 'LAST', align: 'right' },
    ],
    schedules.map(({ target, facts, paused, next, last }) => [
      target,
      facts.cron,
      facts.timeZone,
      paused ? 'paused' : next ? humanTime(next) : 'never',
      last ? `${humanAge(last.at)} ago` : 'never',
    ]),
    width,
  );
}
