import { adviceOn } from '../../workflows/contract/safety-phase.ts';
import type { Observation } from './observe.ts';

/** What a person may do about a run that keeps failing, where what they see does not tell it. */
export function adviceFor({ progress, pending }: Observation): string | undefined {
  const attempts = pending.map(({ lastError, attempt }) => (lastError ? attempt : 1));
  return progress && adviceOn(progress.phase, Math.max(1, ...attempts));
}
