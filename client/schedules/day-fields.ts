import type { Warning } from '../../workflows/contract/progress.ts';
import type { ScheduledTarget } from './difference.ts';

/**
 * Schedules that name both days of the month and days of the week: crontab runs them on either, Temporal only on days
 * that are both. A field that begins with `*` names none, for crontab too.
 */
export function dayFieldWarnings(targets: ScheduledTarget[]): Warning[] {
  return targets.flatMap(({ name, schedule: { cron } }) => {
    const [, , dayOfMonth = '*', , dayOfWeek = '*'] = cron.trim().split(/\s+/);
    if ([dayOfMonth, dayOfWeek].some((field) => /^[*?]/.test(field))) return [];
    return [
      {
        code: 'CRON_DAYS',
        message: `The schedule of ${name} (${cron}) runs only on days that are both in its day of month (${dayOfMonth}) and in its day of week (${dayOfWeek}), where crontab takes either. Write * for one of the two if you mean the other alone.`,
        subject: name,
      },
    ];
  });
}
