import { stateOf } from './job-status.ts';
import type { Weaviate } from './session.ts';
import { isSince, SINCE } from './version.ts';

export type Life =
  /** The server that was asked remembers it. */
  | 'lives'
  /** The only server there is does not: it was started anew, and its word is one that lies in the storage for ever. */
  | 'lost'
  /** Another node may remember it, or this version does not say. */
  | 'unknown';

/** Whether a restore that a server calls unfinished goes on: nobody takes one up again whose server died. */
export async function lifeOf(
  { api, database }: Pick<Weaviate, 'api' | 'database'>,
  name: string,
): Promise<Life> {
  const remembered = await api.rememberedRestore(name);
  if (remembered === 'nothing') return (await database.nodes()).length === 1 ? 'lost' : 'unknown';
  if (remembered === undefined || stateOf(remembered) !== 'running') return 'unknown';
  const { version } = await database.meta();
  return isSince(version, SINCE.overrides) ? 'lives' : 'unknown';
}
