import { z } from 'zod';
import type { Held } from '../delegated.ts';

const counts = z.object({
  places: z.number(),
  objects: z.number(),
  /** Places of the backup whose objects are not among those: tenants that were not active. Older versions do not say. */
  uncounted: z.number().default(0),
});

/** By the detail that an inventory gave. Which tenants are awake changes from night to night, so all count or none. */
export function held(detail: Record<string, unknown>): Held | undefined {
  const { data } = counts.safeParse(detail);
  return (
    data && {
      places: data.places,
      objects: data.uncounted > 0 ? undefined : data.objects,
      words: { places: 'classes and tenants', objects: 'objects' },
    }
  );
}
