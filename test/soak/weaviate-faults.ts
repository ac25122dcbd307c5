import type { WeaviateSimulator } from '../simulators/weaviate/index.ts';
import type { Fault as Switch } from '../simulators/weaviate/switches.ts';
import type { Random } from './prng.ts';
import type { Fault } from './world.ts';

const PASSING: Switch[] = [
  'unavailable',
  'internalError',
  'proxyReloads',
  'connectionLost',
  'answerLost',
  'answerLost',
  'tooManyRequests',
  'answerCut',
  'answerEmpty',
  'storageAway',
  'descriptorHalf',
  'slotTaken',
  'otherCoordinator',
  'cancelLate',
];
/** One of them a job survives, by another round. */
const HEALED: Switch[] = [
  'nodeDescriptorMissing',
  'backupFails',
  'backupFailsSilently',
  'cancelUnasked',
  'chunkTruncated',
  'chunkEmpty',
  'chunkMissing',
];
const ENDING_BACKUPS: Switch[] = [
  'keyRevoked',
  'storageDenied',
  'silent',
  'successThenStarted',
  'coordinatorDies',
  'backupHangs',
  'reindexing',
  'unknownStatus',
];
const ENDING_RESTORES: Switch[] = [
  'keyRevoked',
  'storageDenied',
  'silent',
  'unknownStatus',
  'restoreIgnored',
  'restoreFails',
  'restorePartial',
  'restoreLosesObjects',
  'restoreAltersObject',
  'restoreAltersVector',
  'restoreRunsOn',
  'cancelStaysCancelling',
  'restoreHangs',
  'restoreCoordinatorDies',
];

export function drawWeaviateFault(
  random: Random,
  servers: Record<string, WeaviateSimulator>,
): Fault {
  const where = random.of(Object.keys(servers));
  const server = servers[where];
  if (!server) throw new Error(`There is no ${where}.`);
  if (random.chance(0.1)) {
    return {
      name: `${where}: restart`,
      async begin() {
        await server.kill();
        await new Promise((resolve) => setTimeout(resolve, 500));
        await server.start();
      },
      ends: true,
    };
  }
  const kinds = ['passing', 'passing', where === 'shelf' ? 'ending' : 'healed', 'ending'] as const;
  const kind = random.of(kinds);
  const ending = where === 'shelf' ? ENDING_RESTORES : ENDING_BACKUPS;
  const name = random.of({ passing: PASSING, healed: HEALED, ending }[kind]);
  const times = kind === 'passing' ? random.between(1, 6) : 1;
  return {
    name: `${where}: ${name}, ${times} times`,
    begin: () => void Object.assign(server.switches, { [name]: times }),
    ends: kind === 'ending',
  };
}
