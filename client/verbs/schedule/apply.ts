import type { Command } from 'commander';
import { EXIT } from '../../exit-codes.ts';
import { applySchedule } from '../../schedules/apply.ts';
import { changeLines, differences, scheduledTargets } from '../../schedules/difference.ts';
import { scheduleWarnings } from '../../schedules/warnings.ts';
import { requireYes } from '../../terminal/ask.ts';
import { plural } from '../../terminal/figures.ts';
import { warningLines } from '../../terminal/warnings.ts';
import { verb } from '../../verb.ts';

interface Options {
  yes?: boolean;
  dryRun?: boolean;
}

export function applyVerb(schedule: Command): void {
  const command = schedule
    .command('apply')
    .description(
      'make the schedules in Temporal as the configuration says; shows the difference first',
    )
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show the difference and change nothing');
  verb<Options>(
    command,
    {
      examples: ['schedule apply', 'schedule apply --yes'],
      notes:
        'Without a setting: timeZone UTC, jitter 0s, overlap skip, catchUp 2h, pauseOnFailure\n' +
        'false. A schedule that is not in the file is shown, and left alone.',
    },
    async (call, { yes, dryRun }) => {
      const { output } = call;
      const config = await call.config();
      const told = [...config.warnings, ...scheduleWarnings(config)];
      for (const line of warningLines(told)) output.remark(line);
      const session = await call.temporal();
      const changes = await differences(session, config);
      const open = changes.filter(({ kind }) => kind === 'create' || kind === 'update');
      const foreign = changes.some(({ kind }) => kind === 'foreign');
      const exit = foreign ? EXIT.refused : EXIT.done;
      if (dryRun || open.length === 0) {
        output.result({ changes, applied: false }, [
          ...changeLines(changes),
          open.length === 0 ? 'Nothing to change.' : 'Nothing was changed (--dry-run).',
        ]);
        return exit;
      }
      for (const line of changeLines(changes)) output.remark(line);
      if (!yes) {
        await requireYes(output, `Apply ${plural(open.length, 'change')}?`, {
          otherwise: 'No schedule was changed.',
          hint: 'Look at the difference, then pass --yes.',
        });
      }
      const names = new Set(open.map(({ target }) => target));
      for (const target of scheduledTargets(config)) {
        if (names.has(target.name)) await applySchedule(session, target);
      }
      output.result({ changes, applied: true }, [`Applied ${plural(open.length, 'change')}.`]);
      return exit;
    },
  );
}
