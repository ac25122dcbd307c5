import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { Config } from '../activities/config/config.ts';
import { createActivities } from '../activities/index.ts';
import { createStoreResources, type StoreResources } from '../activities/stores/resources.ts';
import { TASK_QUEUE } from '../workflows/contract/names.ts';
import { ActivitySlots } from './activity-slots.ts';
import { countBuffers } from './count-buffers.ts';
import { holdfastVersion } from './version.ts';
import { workflowSource } from './workflow-source.ts';

export interface HoldfastWorkerOptions {
  connection: NativeConnection;
  namespace: string;
  /** Called for every run, so that changes of the file count. */
  loadConfig(): Promise<Config>;
  /** Whether the search attributes are registered in the namespace. */
  searchable(): Promise<boolean>;
  /** Another queue than `holdfast` serves the activities of targets that name it, and no workflows. */
  taskQueue?: string | undefined;
  /** As Temporal lists it. Default: the SDK's, process and host. */
  identity?: string | undefined;
  /** Where attempts spool what cannot be streamed. Default: a folder in the system's temporary one. */
  spoolRoot?: string | undefined;
  stores?: StoreResources | undefined;
  /** Activities at a time, beside those that only wait. */
  concurrency?: number | undefined;
  /** How long heartbeats may be held back; default five seconds. */
  heartbeatThrottleMs?: number | undefined;
  /** Goes over what is set here: interceptors, a bundle that is already made. */
  sdk?: Partial<
    Pick<WorkerOptions, 'interceptors' | 'workflowBundle' | 'maxCachedWorkflows' | 'debugMode'>
  >;
}

/** So long may activities go on when the worker is stopped, before they are told to end. */
const SHUTDOWN_GRACE = '10 seconds';
/** A cancel reaches an activity with one of its heartbeats; the SDK would hold them back for up to a minute. */
const HEARTBEAT_THROTTLE = '5 seconds';
const ACTIVITIES_AT_A_TIME = 40;

/** Builds the world once: what every activity needs, and the worker that runs them. */
export async function createWorker(options: HoldfastWorkerOptions): Promise<Worker> {
  countBuffers();
  const { connection, namespace, taskQueue = TASK_QUEUE } = options;
  const { clusterId } = await connection.workflowService.getClusterInfo({});
  const activities = createActivities({
    loadConfig: () => options.loadConfig(),
    client: new Client({ connection, namespace }),
    cluster: clusterId ?? '',
    stores: options.stores ?? createStoreResources(),
    spoolRoot: options.spoolRoot ?? join(tmpdir(), `holdfast-spool-${process.getuid?.() ?? 0}`),
    version: holdfastVersion(),
    searchable: onceTrue(() => options.searchable()),
  });
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    ...(options.identity === undefined ? {} : { identity: options.identity }),
    ...(taskQueue === TASK_QUEUE && !options.sdk?.workflowBundle
      ? { workflowBundle: await workflowSource() }
      : {}),
    activities,
    tuner: {
      activityTaskSlotSupplier: new ActivitySlots(options.concurrency ?? ACTIVITIES_AT_A_TIME),
      // As they are without a tuner.
      workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 40 },
      localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 100 },
      nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 100 },
    },
    maxHeartbeatThrottleInterval: options.heartbeatThrottleMs ?? HEARTBEAT_THROTTLE,
    defaultHeartbeatThrottleInterval: options.heartbeatThrottleMs ?? HEARTBEAT_THROTTLE,
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: '1 minute',
    ...options.sdk,
  });
}

/** Asks until the answer is yes, and not again: attributes are registered once and stay. */
function onceTrue(ask: () => Promise<boolean>): () => Promise<boolean> {
  let known = false;
  return async () => (known ||= await ask());
}
