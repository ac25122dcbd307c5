import { HoldfastError } from '../../failure.ts';
import type { PlannedJob } from '../delegated.ts';
import { detailOf, type RestoreState } from './restore-detail.ts';
import type { Weaviate } from './session.ts';

/**
 * A restore that was accepted and brings users or roles may take from the key of this run what it may do. The server goes
 * on all the same, and nobody here sees its end, or what came back.
 */
export async function unlessLockedOut<T>(
  { connection }: Pick<Weaviate, 'connection'>,
  plan: PlannedJob,
  state: RestoreState | undefined,
  body: () => Promise<T>,
  end: 'not seen' | 'restored' = 'not seen',
): Promise<T> {
  const { users, roles } = detailOf(plan);
  try {
    return await body();
  } catch (error) {
    const refused =
      error instanceof HoldfastError &&
      ['AUTH_REJECTED', 'PERMISSION_MISSING'].includes(error.code);
    if (!refused || !state || !(users || roles)) throw error;
    const what = [...(users ? ['users'] : []), ...(roles ? ['roles'] : [])].join(' and ');
    throw new HoldfastError(
      error.code,
      `${error.message} This restore puts the ${what} of the backup in the place of all others, so it may have taken that ` +
        `from its own key; ${end === 'restored' ? 'the server has restored, and nothing of it is proven' : 'the server goes on with it, and its end is not known'}.`,
      {
        cause: error,
        hint:
          end === 'restored'
            ? 'Give the key its rights back, and look with another one whether all is there; or restore again.'
            : `Give the key its rights back, or look with another one: GET /v1/backups/${connection.backend}/${plan.name}/restore tells the end. What came back is not proven.`,
      },
    );
  }
}
