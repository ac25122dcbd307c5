import type { Warning } from '../../../workflows/contract/progress.ts';
import { ANSWERED } from './tokens.ts';

/** What a restore of the whole server will do, or has done, to a target whose own token the backup does not bring. */
export function tokenChanged(
  target: string,
  name: string,
  when: 'after this restore' | 'now',
): Warning {
  const { takes, give } = takesNow(name);
  return {
    code: 'TOKEN_CHANGED',
    message: `The server of ${target} takes ${takes} ${when}, and none that \`connection\` of ${target} names: its backups, and the way back, fail with AUTH_REJECTED until you give ${give} there as \`tokenAfterRestore\`. Leave \`token\` as it is: a safety backup that is restored brings it back.`,
  };
}

/** For a sentence about the server: `, and takes the token of target metrics`. */
export function withToken(name: string | undefined): string {
  return name === undefined ? '' : `, takes ${takesNow(name).takes}`;
}

function takesNow(name: string): { takes: string; give: string } {
  if (name !== ANSWERED) return { takes: name, give: 'it' };
  return { takes: 'the operator tokens that the backup holds', give: 'one of those' };
}
