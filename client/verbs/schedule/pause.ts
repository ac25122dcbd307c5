import type { Command } from 'commander';
import { requireSchedule } from '../../schedules/find-schedules.ts';
import { verb } from '../../verb.ts';

export function pauseVerb(schedule: Command): void {
  const command = schedule
    .command('pause')
    .description('pause the schedule of a target; a run under way goes on')
    .argument('<target>', 'a target with a schedule')
    .option('--reason <text>', 'shown in the Temporal UI', 'holdfast schedule pause');
  verb<{ reason: string }>(
    command,
    {
      examples: ['schedule pause metrics --reason "migration until Monday"'],
      notes:
        'What a backfill asked for is begun all the same: `schedule remove` and then `schedule apply`\nend that, and leave the schedule active.',
    },
    async (call, { reason }, target = '') => {
      const session = await call.temporal();
      const { id } = await requireSchedule(session, target);
      await session.client.schedule.getHandle(id).pause(reason);
      call.output.result({ schedule: id, paused: true }, [
        `${id} is paused; what a backfill asked for goes on`,
      ]);
    },
  );
}
