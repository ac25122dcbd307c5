import type { Config } from '../../activities/config/config.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { clockChangeWarnings } from './clock-changes.ts';
import { dayFieldWarnings } from './day-fields.ts';
import { scheduledTargets } from './difference.ts';

/** What is legal in a schedule, and yet may not run when its author believes. */
export function scheduleWarnings(config: Config): Warning[] {
  const targets = scheduledTargets(config);
  return [...dayFieldWarnings(targets), ...clockChangeWarnings(targets)];
}
