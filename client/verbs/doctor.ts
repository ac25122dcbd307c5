import type { Command } from 'commander';
import { checkClock } from '../doctor/check-clock.ts';
import { checkCopies } from '../doctor/check-copies.ts';
import { checkFiles } from '../doctor/check-files.ts';
import { checkLeftovers } from '../doctor/check-leftovers.ts';
import { checkStores } from '../doctor/check-stores.ts';
import { checkTargets } from '../doctor/check-targets.ts';
import { checkTemporal } from '../doctor/check-temporal.ts';
import type { Check } from '../doctor/check.ts';
import { EXIT } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { scheduleWarnings } from '../schedules/warnings.ts';
import { plural } from '../terminal/figures.ts';
import { printable } from '../terminal/output.ts';
import { verb } from '../verb.ts';

export function doctorVerb(program: Command): void {
  const command = program
    .command('doctor')
    .description('try everything: configuration, Temporal, workers, stores, targets, clocks, files')
    .option('--remove-leftovers', 'remove what closed runs of this Temporal namespace left behind');
  verb<{ removeLeftovers?: boolean }>(
    command,
    {
      examples: ['doctor', 'doctor --json', 'doctor --remove-leftovers'],
      notes:
        'Tries it from this host, with the secrets of this host. Writes and removes small objects\nin every store. Exits with 8 when it found a problem.',
    },
    async (call, options) => {
      const config = await call.config();
      const checks = [
        ...configChecks(config),
        ...(
          await Promise.all([
            checkTemporal(config, call.output),
            checkStores(call),
            checkTargets(config),
            checkClock(config),
            checkFiles(config),
            checkCopies(call),
            checkLeftovers(call, options.removeLeftovers === true),
          ])
        ).flat(),
      ];
      const problems = checks.filter(({ level }) => level === 'problem').length;
      call.output.result({ ok: problems === 0, checks }, [
        ...checks.flatMap((check) => linesOf(call, check)),
        problems === 0 ? 'No problem found.' : `${plural(problems, 'problem')} found.`,
      ]);
      return problems === 0 ? EXIT.done : EXIT.findings;
    },
  );
}

function configChecks(config: Awaited<ReturnType<Invocation['config']>>): Check[] {
  const { path, stores, targets, warnings } = config;
  const about = { area: 'config', subject: path } as const;
  const told = [...warnings, ...scheduleWarnings(config)];
  return [
    {
      ...about,
      level: 'ok',
      message: `${plural(targets.size, 'target')}, ${plural(stores.size, 'store')}`,
    },
    ...told.map(({ message }): Check => ({ ...about, level: 'note', message })),
  ];
}

const MARKS = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' };

function linesOf({ output }: Invocation, { area, subject, level, message, hint }: Check): string[] {
  const styles = { ok: ['green'], note: ['yellow'], problem: ['bold', 'red'] } as const;
  const mark = output.style([...styles[level]], MARKS[level], process.stdout);
  return [
    `${mark} ${area} ${subject}: ${printable(message)}`,
    ...(hint && level !== 'ok' ? [`        ${printable(hint)}`] : []),
  ];
}
