import { describe } from 'vitest';
import type { Switches } from '../simulators/influxdb-3-enterprise/switches.ts';
import { describeDelegatedBackup } from './delegated-conformance-backup.ts';
import { describeDelegatedCancel } from './delegated-conformance-cancel.ts';
import { describeDelegatedPreflight } from './delegated-conformance-preflight.ts';
import { describeDelegatedRestore } from './delegated-conformance-restore.ts';
import { enterpriseUnderTest } from './influxdb-3-enterprise.ts';

/** Where nothing is published, or the documents disagree: the other side of everything that the suite has by default. */
const OTHERWISE: Partial<Switches> = {
  absence: 'openapi',
  adminUsers: 'prose',
  capturesLate: true,
  concurrentBackups: true,
  forceOnRunning: 'restarts',
  cancelledBackup: 'vanishes',
  leftovers: false,
  restartedJob: 'failed',
  completedAt: 'null',
  description: 'uncounted',
  noContentType: true,
  unknownBackup: '400',
  cancelledRestore: 'vanishes',
  brokenRestore: 'untouched',
  deletesPersist: false,
  tokensRolledBack: false,
  uuidFromBackup: false,
};

describe('influxdb-3-enterprise, simulated, what is not known being otherwise', () => {
  const subject = enterpriseUnderTest({
    nodes: [{ role: 'query' }, { role: 'compact' }],
    switches: OTHERWISE,
  });
  describeDelegatedPreflight(subject);
  describeDelegatedBackup(subject);
  describeDelegatedCancel(subject);
  describeDelegatedRestore(subject);
});
