import type { Command } from 'commander';
import { requireSchedule } from '../../schedules/find-schedules.ts';
import { OVERLAP_POLICIES, type OverlapName } from '../../schedules/settings.ts';
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
      const { id, facts } = await requireSchedule(session, target);
      const overlap = facts.overlap as OverlapName;
      // Without a policy the client would ask for the one that lets all of them run at once.
      await session.client.schedule.getHandle(id).trigger(OVERLAP_POLICIES[overlap]);
      call.output.result({ schedule: id, triggered: true, overlap }, [
        `${id} is triggered${overlap === 'skip' ? ', and begins nothing while one of its runs is under way' : ''}; see it with: holdfast status ${target}`,
      ]);
    },
  );
}
