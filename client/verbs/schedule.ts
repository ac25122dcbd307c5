import type { Command } from 'commander';
import { applyVerb } from './schedule/apply.ts';
import { backfillVerb } from './schedule/backfill.ts';
import { scheduleListVerb } from './schedule/list.ts';
import { pauseVerb } from './schedule/pause.ts';
import { removeVerb } from './schedule/remove.ts';
import { resumeVerb } from './schedule/resume.ts';
import { triggerVerb } from './schedule/trigger.ts';

export function scheduleVerb(program: Command): void {
  const schedule = program
    .command('schedule')
    .description('apply, list, pause, resume, trigger, backfill or remove schedules')
    .addHelpText('after', '\nExample:\n  $ holdfast schedule apply --dry-run');
  for (const add of [
    applyVerb,
    scheduleListVerb,
    pauseVerb,
    resumeVerb,
    triggerVerb,
    backfillVerb,
    removeVerb,
  ]) {
    add(schedule);
  }
}
