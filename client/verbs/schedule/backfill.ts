import { type Command, InvalidArgumentError, Option } from 'commander';
import { HoldfastError } from '../../../activities/failure.ts';
import { requireSchedule } from '../../schedules/find-schedules.ts';
import { OVERLAP_POLICIES, type OverlapName } from '../../schedules/settings.ts';
import { humanTime } from '../../terminal/figures.ts';
import { verb } from '../../verb.ts';

interface Options {
  from: Date;
  to?: Date;
  overlap: OverlapName;
}

export function backfillVerb(schedule: Command): void {
  const command = schedule
    .command('backfill')
    .description('run a schedule for each of its times between two, also those it had run for')
    .argument('<target>', 'a target with a schedule')
    .requiredOption('--from <time>', 'RFC 3339, such as 2026-11-20T00:00:00Z', timeOption)
    .option('--to <time>', 'RFC 3339; default: now', timeOption)
    .addOption(
      new Option('--overlap <policy>', 'what several of them do')
        .choices(Object.keys(OVERLAP_POLICIES))
        .default('bufferAll'),
    );
  verb<Options>(
    command,
    {
      examples: ['schedule backfill metrics --from 2026-11-19T00:00:00Z --to 2026-11-20T12:00:00Z'],
      notes:
        'Such a backup holds the data of today: a database cannot be read as it was. So its id bears\nthe time at which it began; its manifest says for when it was (`scheduled`).',
    },
    async (call, { from, to = new Date(), overlap }, target = '') => {
      if (from >= to) {
        throw new HoldfastError(
          'INPUT_INVALID',
          `Nothing lies between ${humanTime(from)} and ${humanTime(to)}: --from must be the earlier time.`,
          { hint: 'See `holdfast schedule backfill --help`.' },
        );
      }
      if (to.getTime() > Date.now()) {
        throw new HoldfastError(
          'INPUT_INVALID',
          `${humanTime(to)} has not come yet: a backup begun now would stand for a time whose data are not there.`,
          {
            hint: 'Let --to lie in the past, or leave it out; what lies ahead the schedule runs itself.',
          },
        );
      }
      const session = await call.temporal();
      const { id } = await requireSchedule(session, target);
      const handle = session.client.schedule.getHandle(id);
      await handle.backfill({ start: from, end: to, overlap: OVERLAP_POLICIES[overlap] });
      call.output.result({ schedule: id, from, to, overlap }, [
        `${id} runs for each of its times from ${humanTime(from)} to ${humanTime(to)}, missed or not; see it with: holdfast status ${target}`,
      ]);
    },
  );
}

/** With its offset: a time without one would mean another hour on another host. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

function timeOption(text: string): Date {
  const time = new Date(text);
  if (!RFC_3339.test(text) || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('Write it as RFC 3339, such as 2026-11-20T00:00:00Z.');
  }
  return time;
}
