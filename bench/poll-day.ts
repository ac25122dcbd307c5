import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { s3Storage, startWeaviateSimulator } from '../test/simulators/weaviate/index.ts';
import { seedWeaviate } from '../test/support/weaviate-seed.ts';
import { startVersitygw, type Versitygw } from '../test/support/versitygw.ts';
import type { Benchmark, BenchmarkContext, Row } from './benchmark.ts';
import { startStage } from './stage.ts';

const BUCKET = 'product';
const HOURS = 24;
/** A day in the rhythm of 10 s. */
const POLLS = 8_640;
const LEAST_POLLS = 5_000;
const MOST_EVENTS = 1_000;

/** Whether the history grows with the time that a job takes. */
export const pollDay: Benchmark = {
  rows: ['poll-day'],
  run: (context) => followDay(context, { hours: HOURS, polls: POLLS, factor: 250 }),
};

/** @param size the job goes on until it has been followed for so many hours, and polled so often; `factor`: of the clock */
export async function followDay(
  { build, rounds = 1, say }: BenchmarkContext,
  { hours, polls, factor }: { hours: number; polls: number; factor: number },
): Promise<Row[]> {
  await using stage = await startStage(build);
  await using elsewhere = await startVersitygw({ buckets: [BUCKET], keepAlive: true });
  await using database = await startWeaviateSimulator({
    storage: s3Storage({ ...elsewhere, bucket: BUCKET }),
  });
  await seedWeaviate(database);
  await stage.configure({ articles: targetOf(database.url, elsewhere) });
  await using worker = await stage.startWorker(
    {
      BENCH_CLOCK: `${factor}`,
      BENCH_SOURCE_ID: elsewhere.accessKeyId,
      BENCH_SOURCE_KEY: elsewhere.secretAccessKey,
    },
    ['--import', `${build}/bench/processes/scaled-clock.js`],
  );
  const found: (Counted & { polls: number; hours: number })[] = [];
  for (let round = 1; round <= rounds; round++) {
    // The server's own time stands still, so its job runs and runs.
    database.speed = 0;
    const before = pollsOf(database.requests);
    const polled = () => pollsOf(database.requests) - before;
    const backup = stage.run('backup', { target: 'articles' });
    const ended = backup.then(() => true);
    let since = 0;
    const hoursSo = () => (since === 0 ? 0 : ((performance.now() - since) / 3_600_000) * factor);
    let told = 0;
    while (polled() < polls || hoursSo() < hours) {
      if (await Promise.race([ended, sleep(100, false)])) throw new Error('The job ended early.');
      if (since === 0 && polled() > 0) since = performance.now();
      if (hoursSo() < told + hours / 4) continue;
      told += hours / 4;
      say(`round ${round}: ${polled()} polls in ${hoursSo().toFixed(1)} h`);
    }
    const followed = { polls: polled(), hours: hoursSo() };
    database.speed = 1000;
    const { seconds, workflowId } = await backup;
    const counted = await countEvents(stage.client, workflowId);
    found.push({ ...counted, ...followed });
    const cpu = (await worker.usage()).cpuSeconds;
    say(
      `round ${round}: ${followed.polls} polls, ${followed.hours.toFixed(1)} h in ${seconds.toFixed(0)} s, ` +
        `${counted.events} events (${counted.signals} signals; at most ${counted.most}), worker ${cpu.toFixed(1)} CPU s`,
    );
  }
  const least = (of: (one: (typeof found)[number]) => number) => Math.min(...found.map(of));
  const followedHours = least((one) => one.hours);
  const leastPolls = least((one) => one.polls);
  return [
    {
      name: 'poll-day',
      work: `history of a backup whose job Weaviate works on for ${hours} h (a clock ${factor} times as fast)`,
      against: `a limit of ${MOST_EVENTS.toLocaleString('en')} events`,
      ours: { label: 'history', unit: 'events', values: found.map(({ most }) => most) },
      theirs: { label: 'limit', unit: 'events', values: found.map(() => MOST_EVENTS) },
      bar: { kind: 'times as much, at most', factor: 1 },
      conditions: [
        {
          text: `${leastPolls.toLocaleString('en')} polls, of at least ${LEAST_POLLS.toLocaleString('en')}`,
          met: leastPolls >= LEAST_POLLS,
        },
        {
          text: `the job was followed for ${followedHours.toFixed(1)} h, of at least ${HOURS}`,
          met: followedHours >= HOURS,
        },
        {
          text: 'the run never continued as another',
          met: found.every(({ continued }) => !continued),
        },
        {
          text: 'the job was followed by one attempt from its beginning to its end',
          met: found.every(({ attempts }) => attempts === 1),
        },
      ],
      notes: [
        `as they came to lie: ${found.map(({ events, signals }) => `${events} events, ${signals} of them signals`).join('; ')}. ` +
          'Compared is what it would be in true time, where each signal is alone: one workflow task (three events) for each thing that wakes the workflow',
      ],
    },
  ];
}

interface Counted {
  events: number;
  signals: number;
  /** With a workflow task for everything that calls for one, though several may have shared it. */
  most: number;
  continued: boolean;
  /** Of the activity that follows the job. */
  attempts: number;
}

async function countEvents(client: Client, workflowId: string): Promise<Counted> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const all = events ?? [];
  const count = (...names: (keyof (typeof all)[number])[]) =>
    all.filter((event) => names.some((name) => Boolean(event[name]))).length;
  const signals = count('workflowExecutionSignaledEventAttributes');
  const tasks = count(
    'workflowTaskScheduledEventAttributes',
    'workflowTaskStartedEventAttributes',
    'workflowTaskCompletedEventAttributes',
    'workflowTaskFailedEventAttributes',
    'workflowTaskTimedOutEventAttributes',
  );
  const wakers =
    signals +
    count(
      'workflowExecutionStartedEventAttributes',
      'activityTaskCompletedEventAttributes',
      'activityTaskFailedEventAttributes',
      'activityTaskTimedOutEventAttributes',
      'activityTaskCanceledEventAttributes',
      'timerFiredEventAttributes',
      'startChildWorkflowExecutionInitiatedEventAttributes',
      'childWorkflowExecutionStartedEventAttributes',
      'signalExternalWorkflowExecutionInitiatedEventAttributes',
      'externalWorkflowExecutionSignaledEventAttributes',
    );
  const follow = all.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'followBackupJob',
  );
  const started = all.filter(
    (event) =>
      event.activityTaskStartedEventAttributes &&
      String(event.activityTaskStartedEventAttributes.scheduledEventId) === String(follow?.eventId),
  );
  return {
    events: all.length,
    signals,
    most: Math.max(all.length, all.length - tasks + 3 * wakers),
    continued:
      !!all[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ||
      count('workflowExecutionContinuedAsNewEventAttributes') > 0,
    attempts: started.at(-1)?.activityTaskStartedEventAttributes?.attempt ?? 0,
  };
}

function pollsOf(requests: { method: string; path: string }[]): number {
  return requests.filter(
    ({ method, path }) => method === 'GET' && path.startsWith('/v1/backups/s3/'),
  ).length;
}

function targetOf(url: string, { endpoint, region }: Versitygw): object {
  return {
    product: 'weaviate',
    connection: {
      url,
      storage: {
        type: 's3',
        bucket: BUCKET,
        endpoint,
        region,
        credentials: {
          accessKeyId: { env: 'BENCH_SOURCE_ID' },
          secretAccessKey: { env: 'BENCH_SOURCE_KEY' },
        },
      },
    },
    store: 'main',
    // The polls themselves are not faster than they are.
    timeouts: { job: '7d' },
  };
}
