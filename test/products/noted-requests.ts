import type { PlannedJob, RequestNotes } from '../../activities/products/delegated.ts';

/** Notes of requests in memory, and the plan as it stands with them. */
export function noted(planned: PlannedJob): {
  notes: RequestNotes;
  calls: string[];
  plan: () => PlannedJob;
} {
  let asked: PlannedJob['asked'] = null;
  const calls: string[] = [];
  return {
    calls,
    plan: () => ({ ...planned, asked }),
    notes: {
      asking(look) {
        calls.push('asking');
        asked ??= { at: new Date().toISOString(), look };
        return Promise.resolve();
      },
      refused() {
        calls.push('refused');
        asked = null;
        return Promise.resolve();
      },
    },
  };
}
