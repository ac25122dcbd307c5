import type { Warning } from '../../../workflows/contract/progress.ts';
import type { Connection } from './config.ts';
import { isSince, SINCE, type Version } from './version.ts';

interface Asked {
  version: Version;
  purpose: 'backup' | 'restore';
  connection: Connection;
  multiTenant: boolean;
  nodes: number;
}

/** What a user of this version should know, and nothing that the adapter sees to by itself. */
export function knownDefects({
  version,
  purpose,
  connection,
  multiTenant,
  nodes,
}: Asked): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: string, message: string) => warnings.push({ code, message });
  const named = `Weaviate ${version.text}`;
  if (version.number === undefined || isSince(version, ['1.40.0'])) {
    warn(
      'VERSION_UNKNOWN',
      `The server calls its version "${version.text}", which is newer than any that this Holdfast knows; it is treated like 1.39.`,
    );
  }
  if (purpose === 'backup') {
    if (!isSince(version, SINCE.cancel)) {
      warn(
        'VERSION_DEFECT',
        `${named} cannot cancel a backup: a cancelled run waits until the server has ended it, or has written nothing for as long as \`timeouts.stall\`. 1.27 can.`,
      );
    }
    if (multiTenant && !isSince(version, SINCE.inactiveTenants)) {
      warn(
        'VERSION_DEFECT',
        `${named} leaves inactive tenants out of its backups without a word; 1.35.17, 1.36.10 and 1.37.0 mended it.`,
      );
    }
    if (version.text === '1.39.0' || !isSince(version, ['1.38.10', '1.39.1'])) {
      warn(
        'VERSION_DEFECT',
        `${named} may call a backup successful that a node failed to write; Holdfast looks for every object, and such a backup fails. 1.38.10 mended it.`,
      );
    }
    if (nodes > 16 && !isSince(version, SINCE.manyNodes)) {
      warn(
        'VERSION_DEFECT',
        `${named} can hang when more than 16 nodes fail at once; 1.37.11 and 1.38.3 mended it.`,
      );
    }
  }
  if (purpose === 'restore') {
    if (!isSince(version, SINCE.restoreCancel)) {
      warn(
        'VERSION_DEFECT',
        `${named} cannot cancel a restore: a cancelled run waits for its end for as long as \`timeouts.stall\`, and then fails and says what to look at. 1.36 can.`,
      );
    }
    if (connection.nodeMapping && !isSince(version, ['1.32.0'])) {
      warn('VERSION_DEFECT', `${named} is reported to restore wrongly with \`nodeMapping\`.`);
    }
  }
  return warnings;
}
