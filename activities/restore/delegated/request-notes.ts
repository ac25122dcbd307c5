import { documentsIn, putOnce, readJson, toJson } from '../../catalog/json.ts';
import type { PlannedJob, RequestNotes } from '../../products/delegated.ts';
import type { Store } from '../../stores/store.ts';

/** Below the folder of a restore's work: one object for each attempt whose request was not refused for certain. */
const ASKED = 'asked/';

/** @param work the folder of the restore's work */
export function requestNotes(
  store: Store,
  work: string,
  attempt: number,
  signal: AbortSignal,
): RequestNotes {
  const key = `${work}${ASKED}${String(attempt).padStart(6, '0')}.json`;
  let own = false;
  return {
    asking: async (look) => {
      const note = toJson({ at: new Date().toISOString(), look });
      own = (await putOnce(store, key, note, signal)) || own;
    },
    refused: async () => {
      // Another attempt had the same number where a person reset the activity: its request may have been heard.
      if (own) await store.remove([key], { signal });
      own = false;
    },
  };
}

/** The plan with what the first request found there that may have been heard. */
export async function withAsked(
  store: Store,
  work: string,
  plan: PlannedJob,
  signal: AbortSignal,
): Promise<PlannedJob> {
  for await (const key of documentsIn(store, work + ASKED, signal)) {
    return { ...plan, asked: (await readJson(store, key, signal)) as PlannedJob['asked'] };
  }
  return { ...plan, asked: null };
}
