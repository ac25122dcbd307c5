import type { Config } from '../../activities/config/config.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { differences } from './difference.ts';

/** What to tell where the file has schedules that Temporal does not have so; undefined where it does. */
export async function unappliedRemark(
  session: Pick<TemporalSession, 'client'>,
  config: Config,
): Promise<string | undefined> {
  const names = (await differences(session, config))
    .filter(({ kind }) => kind === 'create' || kind === 'update')
    .map(({ target }) => target);
  if (names.length === 0) return undefined;
  const [subject, object] =
    names.length === 1
      ? [`The schedule of ${names.join()} is`, 'it']
      : [`The schedules of ${names.join(', ')} are`, 'them'];
  return `${subject} not in Temporal as the configuration has ${object}: \`holdfast schedule apply\` makes ${object} so.`;
}
