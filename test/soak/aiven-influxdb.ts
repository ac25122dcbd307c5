import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import * as steps from '../faults/kill-steps.ts';
import { HASTE, setStage } from '../faults/stage.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { parseSwitch, type Fault as Switch } from '../simulators/aiven-influxdb/switches.ts';
import type { WorkerProgram } from '../support/worker-program.ts';
import type { Random } from './prng.ts';
import { drawS3Fault } from './s3-faults.ts';
import type { Fault, World } from './world.ts';

const TIMEOUTS = { ...HASTE, lockWait: '2m' };

/** One service and its one place for a backup: `metrics` on a disk, `remote`, encrypted, on S3. It takes no restores. */
export async function aivenWorld(options: {
  address: string;
  program: WorkerProgram;
}): Promise<World> {
  const stage = await setStage({ ...options, shards: 1 });
  const aiven = await startAivenSimulator();
  const { project, service, token } = aiven.account;
  const identity = await generateX25519Identity();
  Object.assign(process.env, { SOAK_AIVEN_TOKEN: token, SOAK_AIVEN_IDENTITY: identity });
  const target = {
    product: 'aiven-influxdb',
    connection: { project, service, token: { env: 'SOAK_AIVEN_TOKEN' }, apiUrl: aiven.url },
    store: 'disk',
    timeouts: TIMEOUTS,
  };
  Object.assign(stage.config.targets, {
    metrics: target,
    remote: {
      ...target,
      store: 's3',
      encryption: {
        recipients: [await identityToRecipient(identity)],
        identity: { env: 'SOAK_AIVEN_IDENTITY' },
      },
    },
  });
  await stage.reconfigure();
  return {
    stage,
    operations: ['backup', 'verify', 'delete'],
    targets: ['metrics', 'remote'],
    brittle: [],
    destination: 'spare',
    steps: {
      backup: [
        ...Object.values(steps.BACKUP).flat(),
        ...steps.UPLOADS,
        ...steps.CANCELLED_BACKUP,
        'captureBackup request 3',
        'captureBackup answer 2',
        'captureBackup answer 4',
        'captureBackup link 2',
      ],
      verify: steps.VERIFY,
      delete: [...steps.DELETE, ...steps.SPARED],
    },
    begun: () => ['captureBackup answer 2', 'captureBackup link 3', 'commitBackup before'],
    intrusions: ['reset', 'doctor'],
    contents: () => Promise.resolve(new Map()),
    write: () => Promise.resolve(),
    restore: () => {
      throw new Error('It takes no restores.');
    },
    fault: (random) =>
      random.chance(0.3) ? drawS3Fault(random, stage.s3) : drawServiceFault(random, aiven),
    slow: () => void (aiven.switches.bytesPerSecond = 20_000),
    calm() {
      aiven.calm();
      stage.s3.calm();
    },
    empty: () => Promise.resolve(),
    stop: async () => {
      await stage.stop();
      await aiven.stop();
    },
  };
}

const PASSING: Switch[] = [
  'tooManyRequests',
  'internalError',
  'badGateway',
  'connectionLost',
  'silent',
  'createAnswerLost',
  'createAnswerLost',
  'busy',
  'notReady',
  'downloadUnavailable',
  'downloadAway',
  'downloadCut',
  'downloadReset',
  'downloadReset',
  'downloadStalls',
  'etagChanges',
];
/** The vendor is asked for a backup three times in all. */
const ENDING: Switch[] = [
  'unauthorized',
  'forbidden',
  'serviceGone',
  'taskFails',
  'taskLost',
  'replacedWhileDownloading',
];
const OTHERWISE = [
  'tryAgainPlace=header',
  'plainErrors',
  'uriPlace=components',
  'createdStatus=201',
  'taskTypeAlias',
  'taskStatus',
  'pendingPolls=4',
  'oldName=new bytes',
  'contentLength=off',
  'ranges=off',
  'etag=weak',
  'etag=none',
  'layout=nested',
  'layout=dot',
];

function drawServiceFault(random: Random, { switches }: AivenSimulator): Fault {
  if (random.chance(0.25)) {
    const otherwise = random.of(OTHERWISE);
    return {
      name: otherwise,
      begin: () => void Object.assign(switches, parseSwitch(otherwise)),
      // What it answers is other than what it answered before.
      ends: true,
    };
  }
  const ends = random.chance(0.25);
  const name = random.of(ends ? ENDING : PASSING);
  const times = random.between(1, name === 'silent' || name === 'downloadStalls' ? 1 : 4);
  return {
    name: `${name}, ${times} times`,
    begin: () => void Object.assign(switches, { [name]: times }),
    ends: ends || name.startsWith('download'),
  };
}
