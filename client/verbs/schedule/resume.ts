import type { Command } from 'commander';
import { requireSchedule } from '../../schedules/find-schedules.ts';
import { humanTime } from '../../terminal/figures.ts';
import { verb } from '../../verb.ts';

export function resumeVerb(schedule: Command): void {
  const command = schedule
    .command('resume')
    .description('resume the paused schedule of a target')
    .argument('<target>', 'a target with a schedule');
  verb(command, { examples: ['schedule resume metrics'] }, async (call, _options, target = '') => {
    const session = await call.temporal();
    const { id } = await requireSchedule(session, target);
    await session.client.schedule.getHandle(id).unpause('holdfast schedule resume');
    const { next } = await requireSchedule(session, target);
    call.output.result({ schedule: id, paused: false, ...(next ? { next } : {}) }, [
      `${id} is active${next ? `; next at ${humanTime(next)}` : ''}`,
    ]);
  });
}
