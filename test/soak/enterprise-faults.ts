import type { EnterpriseSimulator } from '../simulators/influxdb-3-enterprise/index.ts';
import {
  parseSwitch,
  type Fault as Switch,
  type Switches,
} from '../simulators/influxdb-3-enterprise/switches.ts';
import type { Random } from './prng.ts';
import type { Fault } from './world.ts';

const PASSING: Switch[] = [
  'unavailable',
  'internalError',
  'tooManyRequests',
  'connectionLost',
  'connectionLost',
  'answerLost',
  'answerLost',
  'silent',
  'emptyBody',
  'noContentType',
  'unknownStatus',
  'formerStatus',
  'restoreUnlisted',
  'leaseHeld',
  'conditionsSlow',
];
const ENDING: Switch[] = [
  'tokenRevoked',
  'backupFails',
  'restoreFails',
  'restoreIgnored',
  'restoreLosesRows',
  'objectMissing',
  'objectCut',
  'objectEmpty',
  'tableUnreadable',
];

/** Of what is done and not answered. */
const LOST = ['startBackup', 'cancelBackup', 'deleteBackup', 'startRestore', 'cancelRestore'];

/** Matters on which nothing is published, other than they are by default. */
const OTHERWISE = [
  'cancelledBackup=vanishes',
  'cancelledBackup=completed',
  'cancelledRestore=vanishes',
  'cancelledRestore=completed',
  'brokenRestore=untouched',
  'completedAt=absent',
  'completedAt=null',
  'leftovers=off',
  'forceOnRunning=restarts',
  'concurrentBackups',
  'wholeSeconds=off',
  'capturesLate',
  'unknownBackup=400',
  'unknownBackup=fails later',
  'absence=openapi',
  'queryLagMs=700',
];

/** It befalls every cluster, each as often: whatever runs meets it. */
export function drawClusterFault(random: Random, servers: readonly EnterpriseSimulator[]): Fault {
  const everywhere = (changes: () => Partial<Switches>) => () => {
    for (const { switches } of servers) Object.assign(switches, changes());
  };
  const draw = random.share();
  if (draw < 0.08) {
    const hold = (held: boolean) => everywhere(() => ({ held }));
    return { name: 'jobs go no further', begin: hold(true), end: hold(false) };
  }
  if (draw < 0.12) {
    const clockMs = random.of([-90_000, 90_000]);
    return { name: `clockMs=${clockMs}`, begin: everywhere(() => ({ clockMs })), ends: true };
  }
  if (draw < 0.3) {
    const otherwise = random.of(OTHERWISE);
    return { name: otherwise, begin: everywhere(() => parseSwitch(otherwise)) };
  }
  if (draw < 0.4) {
    const downMs = random.of([0, 500, 2_000]);
    const restart = everywhere(() => ({ restartedJob: 'failed' }));
    return {
      name: `compactors restart, and are away for ${downMs} ms`,
      begin: async () => {
        restart();
        await Promise.all(servers.map((server) => server.restartCompactor(downMs)));
      },
      ends: true,
    };
  }
  if (draw < 0.6) {
    const at = random.of(LOST);
    const times = random.between(1, 2);
    return {
      name: `the answer to ${at} is lost, ${times} times`,
      begin: everywhere(() => ({ answerLost: { at: [at], times } })),
    };
  }
  const ends = random.chance(0.25);
  const name = random.of(ends ? ENDING : PASSING);
  const times = random.between(1, name === 'silent' ? 2 : 5);
  return { name: `${name}, ${times} times`, begin: everywhere(() => ({ [name]: times })), ends };
}
