import { copyStateOf } from '../../activities/catalog/copy-state.ts';
import { listBackups } from '../../activities/catalog/list-backups.ts';
import { FAILURES } from '../../workflows/contract/failures.ts';
import type { Invocation } from '../invocation.ts';
import { asHoldfastError } from '../failures.ts';
import { humanAge, plural } from '../terminal/figures.ts';
import type { Check } from './check.ts';

/** Backups whose bytes lie beside the database alone, and those among them that should have been copied by now. */
export async function checkCopies(call: Invocation): Promise<Check[]> {
  const { targets } = await call.config();
  const checks: Check[] = [];
  for (const [target, { store: name, timeouts }] of targets) {
    const about = { area: 'copies', subject: target } as const;
    try {
      const store = await call.store(name);
      const pending: string[] = [];
      for (const { id, manifest, collected } of await listBackups(store, target)) {
        const state = manifest && copyStateOf(manifest, collected, timeouts.copy);
        if (state === 'pending') pending.push(id);
        if (!manifest || state !== 'overdue') continue;
        const age = humanAge(new Date(manifest.times.completed));
        checks.push({
          ...about,
          level: 'problem',
          message: `COPY_OVERDUE: ${id} was committed ${age} ago, and its bytes lie in ${manifest.delegated?.place} alone`,
          hint: FAILURES.COPY_OVERDUE.hint,
        });
      }
      if (pending.length > 0) {
        const message = `${plural(pending.length, 'backup')} not copied yet: ${pending.join(', ')}`;
        checks.push({ ...about, level: 'note', message });
      }
    } catch (error) {
      const { message, hint } = asHoldfastError(error);
      checks.push({ ...about, level: 'note', message, hint });
    }
  }
  return checks;
}
