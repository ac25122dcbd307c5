export { cronTimes, ordered, type Range, steps } from './cron.ts';
export { findConfigIfAny } from './config-path.ts';
export { formatDuration, parseDuration } from './duration.ts';
export { jsonSchema } from './json-schema.ts';
export { type Config, loadConfig, type Target } from './load-config.ts';
export { didYouMean } from './nearest.ts';
export { A_MAPPING, check } from './problems.ts';
export type { ScheduleSettings } from './schema.ts';
export { snapshotOf, storeOf, targetOf } from './snapshot.ts';
