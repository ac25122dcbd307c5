import { type Command, InvalidArgumentError, Option } from 'commander';
import { HoldfastError } from '../../../activities/failure.ts';
import { requireSchedule } from '../../schedules/find-schedules.ts';
import { MOST_TIMES, timesBetween } from '../../schedules/times-between.ts';
import { OVERLAP_POLICIES, type OverlapName } from '../../schedules/settings.ts';
import { requireYes } from '../../terminal/ask.ts';
import { humanTime, plural } from '../../terminal/figures.ts';
import { verb } from '../../verb.ts';

interface Options {
  from: Date;
  to?: Date;
  overlap: OverlapName;
  yes?: boolean;
}

/** So many are what somebody has in view who names a range. */
const A_HANDFUL = 5;

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
    )
    .option('--yes', `do not ask; without it, more than ${A_HANDFUL} backups are asked about`);
  verb<Options>(
    command,
    {
      examples: ['schedule backfill metrics --from 2026-11-19T00:00:00Z --to 2026-11-20T12:00:00Z'],
      notes:
        'Such a backup holds the data of today: a database cannot be read as it was. So its id bears\nthe time at which it began; its manifest says for when it was (`scheduled`).\n' +
        'Neither `schedule pause` nor a cancel of one run ends the others: `schedule remove` and then\n`schedule apply` do.',
    },
    async (call, { from, to = new Date(), overlap, yes }, target = '') => {
      requireRange(from, to);
      const session = await call.temporal();
      const found = await requireSchedule(session, target);
      const { id } = found;
      const { count: times, end } = await timesBetween(session, found, from, to);
      const range = `from ${humanTime(from)} to ${humanTime(to)}`;
      if (times === 0) {
        throw new HoldfastError('INPUT_INVALID', `${id} has no time ${range}: nothing is run.`, {
          hint: 'Its times: `holdfast schedule list`.',
        });
      }
      const count = `${plural(times, 'time')}${times >= MOST_TIMES ? ' or more' : ''}`;
      if (!yes && times > A_HANDFUL) {
        const fact = `${id} has ${count} ${range}, and each begins a backup.`;
        await requireYes(call.output, `${fact} Go on?`, {
          otherwise: `${fact} Nothing was begun.`,
          hint: 'Choose a shorter range, or pass --yes.',
        });
      }
      const handle = session.client.schedule.getHandle(id);
      await handle.backfill({ start: from, end, overlap: OVERLAP_POLICIES[overlap] });
      call.output.result({ schedule: id, from, to, overlap, times }, [
        `${id} runs for each of its ${count} ${range}, missed or not; see it with: holdfast status ${target}`,
      ]);
    },
  );
}

/** @throws INPUT_INVALID */
function requireRange(from: Date, to: Date): void {
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
