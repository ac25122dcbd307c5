import type { Command } from 'commander';
import { requireSchedule } from '../../schedules/find-schedules.ts';
import { requireYes } from '../../terminal/ask.ts';
import { verb } from '../../verb.ts';

export function removeVerb(schedule: Command): void {
  const command = schedule
    .command('remove')
    .description('remove the schedule of a target from Temporal; backups and runs stay')
    .argument('<target>', 'a target with a schedule')
    .option('--yes', 'do not ask');
  verb<{ yes?: boolean }>(
    command,
    {
      examples: ['schedule remove metrics'],
      notes: 'What a backfill asked for, and has not begun, is not begun any more.',
    },
    async (call, { yes }, target = '') => {
      const { output } = call;
      const session = await call.temporal();
      const { id } = await requireSchedule(session, target);
      if (!yes) {
        await requireYes(output, `Remove the schedule ${id}?`, {
          otherwise: `The schedule ${id} was not removed.`,
          hint: 'Pass --yes.',
        });
      }
      await session.client.schedule.getHandle(id).delete();
      output.result({ schedule: id, removed: true }, [`${id} is removed`]);
    },
  );
}
