/** Stands in for `node:timers/promises`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { trueMs } from './scaled-time.ts';

export function setTimeout<T>(ms: number, value?: T, options?: { signal?: AbortSignal }) {
  return sleep(trueMs(ms), value, options);
}
