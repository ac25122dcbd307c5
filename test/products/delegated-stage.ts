import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../activities/failure.ts';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import type {
  DelegatedBackup,
  DelegatedSession,
  Inventory,
  JobReport,
  PlannedJob,
  ProvenJob,
} from '../../activities/products/delegated.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import type { Store, StoredObject } from '../../activities/stores/store.ts';
import { FAILURES } from '../../workflows/contract/failures.ts';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';
import type {
  DelegatedFaults,
  DelegatedUnderTest,
  DelegatedWorld,
} from './delegated-under-test.ts';

export const TARGET = 'suite';

export interface ConnectOptions {
  connection?: Record<string, unknown>;
  signal?: AbortSignal;
  /** In the place of the product's storage. */
  storage?: Store;
  stallMs?: number;
  /** Of the database that has what the session is about. */
  identity?: string;
}

export interface Taken {
  name: string;
  observed: Record<string, unknown>;
  inventory: Inventory;
  backup: DelegatedBackup;
}

/** A world, and jobs in it, step by step as the activities take them. */
export interface DelegatedStage extends AsyncDisposable {
  readonly world: DelegatedWorld;
  /** Of the product, as the workers reach it. */
  readonly storage: Store;
  readonly session: DelegatedSession;
  connect(options?: ConnectOptions): DelegatedSession;
  /** A name that no job has had. */
  jobName(): string;
  /** Has a backup begin. */
  begin(name?: string): Promise<{ name: string; since: Date; observed: Record<string, unknown> }>;
  follow(name: string): Promise<JobReport>;
  take(name?: string): Promise<Taken>;
  /** Every object below a prefix of the storage. */
  objects(prefix: string): Promise<StoredObject[]>;
  read(key: string): Promise<Buffer>;
  /** What every unit holds. */
  contents(): Promise<Record<string, unknown>>;
  plan(backup: DelegatedBackup, request: Partial<RestoreRequest>): Promise<PlannedJob>;
  followRestore(plan: PlannedJob, state: Record<string, unknown>): Promise<JobReport>;
  /** Starts, follows to its success and proves. */
  restore(plan: PlannedJob, backup: DelegatedBackup): Promise<Restored>;
  /** Secrets of the world in whatever was returned or thrown. */
  secretsIn(things: unknown[]): string[];
}

export interface Restored {
  state: Record<string, unknown>;
  since: Date;
  proven: ProvenJob;
}

/** Adapters say how long to wait for a real server; simulators need not be waited for so long. */
const LONGEST_PAUSE_MS = 50;
const PATIENCE_MS = 90_000;

let stages = 0;

export async function delegatedStage(subject: DelegatedUnderTest): Promise<DelegatedStage> {
  const { product } = subject;
  const world = await subject.start();
  const resources = createStoreResources({ retry: { tries: 2, pauseMs: 5 } });
  const settings = product.storage(product.connection.parse(world.connection()));
  const storage = openStore(settings, resources);
  const opened: DelegatedSession[] = [];
  stages += 1;
  let names = 0;

  const connect = (options: ConnectOptions = {}) => {
    const session = product.connect({
      target: TARGET,
      connection: product.connection.parse(options.connection ?? world.connection()),
      concurrency: 4,
      stallMs: options.stallMs ?? subject.stallMs ?? 20_000,
      signal: options.signal ?? new AbortController().signal,
      storage: options.storage ?? storage,
      identity: options.identity,
    });
    opened.push(session);
    return session;
  };
  const session = connect();

  const stage: DelegatedStage = {
    world,
    storage,
    session,
    connect,
    jobName() {
      names += 1;
      return `suite-2026-11-20t02-00-00z-${String(stages).padStart(3, '0')}${String(names).padStart(3, '0')}`;
    },
    async begin(name = stage.jobName()) {
      const observed = asStored(await session.backup.observe());
      const since = new Date();
      await session.backup.start(name, since);
      return { name, since, observed };
    },
    follow: (name) => followed(() => session.backup.poll(name), session.backup.pauseMs(0)),
    async take(wanted) {
      const { name, observed } = await stage.begin(wanted);
      const end = await stage.follow(name);
      if (end.state !== 'succeeded') throw new Error(`The backup ended as ${end.words}.`);
      const inventory = await session.backup.inventory(name, observed);
      return { name, observed, inventory, backup: committed(product.name, name, inventory) };
    },
    async objects(prefix) {
      const found: StoredObject[] = [];
      for await (const object of storage.list(prefix)) found.push(object);
      return found;
    },
    async read(key) {
      const parts: Uint8Array[] = [];
      for await (const part of storage.read(key)) parts.push(part);
      return Buffer.concat(parts);
    },
    async contents() {
      const found: Record<string, unknown> = {};
      for (const unit of await world.units()) found[unit] = await world.contents(unit);
      return found;
    },
    plan: async (backup, request) =>
      asStored(
        await session.restore.plan({
          backup,
          restore: { target: TARGET, ...request },
          destination: TARGET,
          run: randomUUID().slice(-12),
        }),
      ),
    followRestore: (plan, state) =>
      followed(() => session.restore.poll(plan, state), session.restore.pauseMs(0)),
    async restore(plan, backup) {
      const since = new Date();
      const state = asStored(await session.restore.start(plan, since));
      const end = await stage.followRestore(plan, state);
      if (end.state !== 'succeeded') throw new Error(`The restore ended as ${end.words}.`);
      const proven = await session.restore.prove(plan, state, backup, () => undefined);
      return { state, since, proven };
    },
    secretsIn(things) {
      const text = things.map(told).join('\n');
      return world.secrets.filter((secret) => text.includes(secret));
    },
    async [Symbol.asyncDispose]() {
      for (const one of opened) await one.close();
      await storage.close();
      await resources.close();
      await world[Symbol.asyncDispose]();
    },
  };
  return stage;
}

/** Polls until the job has ended; what passes is asked again, as an activity does. */
async function followed(poll: () => Promise<JobReport>, pauseMs: number): Promise<JobReport> {
  const begun = performance.now();
  for (;;) {
    const report = await poll().catch((error: unknown) => {
      if (!mayPass(error)) throw error;
      return undefined;
    });
    if (report !== undefined && report.state !== 'running') return report;
    if (performance.now() - begun > PATIENCE_MS) throw new Error('The job has not ended.');
    await sleep(Math.min(pauseMs, LONGEST_PAUSE_MS));
  }
}

/** Whether an activity would try again. */
export function mayPass(error: unknown): boolean {
  return error instanceof HoldfastError && FAILURES[error.code].retry !== 'never';
}

/** A committed backup, as a restore meets it. */
function committed(product: string, name: string, inventory: Inventory): DelegatedBackup {
  const time = new Date().toISOString();
  const bytes = inventory.objects.reduce((sum, one) => sum + one.bytes, 0);
  const hash = '0'.repeat(64);
  const manifest: Manifest = {
    format: 1,
    holdfast: '0.0.0',
    id: '2026-11-20t02-00-00z-00000a',
    target: TARGET,
    product: { name: product, version: 'unknown', identity: 'unknown' },
    kind: 'delegated',
    run: { workflowId: `backup/${TARGET}/test`, runId: name, attempt: 1 },
    times: { started: time, captured: { from: time, to: time }, completed: time },
    totals: {
      artifacts: inventory.objects.length,
      objects: inventory.objects.length,
      storedBytes: bytes,
      plainBytes: bytes,
      newBytes: bytes,
    },
    objects: { path: 'objects.ndjson.gz', bytes: 1, sha256: hash },
    encryption: null,
    state: 'ok',
    note: null,
    tags: {},
    warnings: asStored(inventory.warnings),
    detail: asStored(inventory.detail),
    delegated: {
      name,
      place: 'the storage of the suite',
      objects: { path: 'product.ndjson.gz', bytes: 1, sha256: hash },
      count: inventory.objects.length,
      bytes,
      bases: inventory.bases.map((base) => ({ backup: base, name: base })),
    },
  };
  return {
    manifest,
    name,
    async *objects() {
      yield* inventory.objects;
    },
    async file(path) {
      const found = inventory.files.find((one) => one.path === path);
      if (!found) throw new HoldfastError('BACKUP_DAMAGED', `There is no file ${path}.`);
      return found.bytes;
    },
  };
}

/** What lies in the store between two calls has been JSON. */
function asStored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function told(thing: unknown): string {
  if (!(thing instanceof Error)) return JSON.stringify(thing);
  const cause = thing.cause === undefined ? '' : told(thing.cause);
  return `${thing.message} ${thing.stack ?? ''} ${JSON.stringify(thing)} ${cause}`;
}

/** The fault that a case is about, or the case is skipped: nobody can make a real server misbehave so. */
export function demandFault<F extends keyof DelegatedFaults>(
  { faults }: DelegatedWorld,
  fault: F,
  skip: (note: string) => never,
): DelegatedFaults[F] {
  return (faults[fault] as DelegatedFaults[F] | undefined) ?? skip(`no fault ${fault} here`);
}

export async function failureOf(doing: Promise<unknown>): Promise<HoldfastError> {
  try {
    await doing;
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error('It was expected to fail, and it did not.');
}
