import type { Command } from 'commander';
import { requireSchedule } from '../../schedules/find-schedules.ts';
import { verb } from '../../verb.ts';

export function triggerVerb(schedule: Command): void {
  const command = schedule
    .command('trigger')
    .description('run a schedule now, as if its time had come')
    .argument('<target>', 'a target with a schedule');
  verb(
    command,
    {
      examples: ['schedule trigger metrics'],
      notes: 'The overlap policy of the schedule counts. To follow a run, use `holdfast backup`.',
    },
    async (call, _options, target = '') => {
      const session = await call.temporal();
      const { id } = await requireSchedule(session, target);
      await session.client.schedule.getHandle(id).trigger();
      call.output.result({ schedule: id, triggered: true }, [
        `${id} is triggered; see it with: holdfast status ${target}`,
      ]);
    },
  );
}
