import { setTimeout as sleep } from 'node:timers/promises';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { influxdbV2 } from '../../activities/products/influxdb-v2/index.ts';
import type {
  ArtifactPlan,
  BackupReader,
  BackupSource,
  Conclusion,
  PlannedRestore,
  ProductContext,
  ProductSession,
  Proof,
  RestoreStep,
} from '../../activities/products/product.ts';
import { asStored, backupRun, TARGET } from '../products/backup-run.ts';
import { connectTo } from '../products/session.ts';
import { TOKEN } from './influxd.ts';

/** Connects as a worker does, with a token from the environment. */
export function connect(
  url: string,
  options: { token?: string; connection?: object; context?: Partial<ProductContext> } = {},
): ProductSession {
  const token = { env: secret(options.token ?? TOKEN) };
  return connectTo({ product: influxdbV2 }, { url, token, ...options.connection }, options.context);
}

let secrets = 0;

/** Puts a secret where a configuration may refer to it. */
export function secret(value: string): string {
  secrets += 1;
  const name = `HOLDFAST_TEST_SECRET_${secrets}`;
  process.env[name] = value;
  return name;
}

export interface Taken extends AsyncDisposable {
  /** The folder that holds what the official tool would have written. */
  directory: string;
  spool: string;
  artifacts: ArtifactPlan[];
  lines: ObjectLine[];
  conclusion: Conclusion;
  reader: BackupReader;
}

/** Takes a backup into a directory, step by step as the activities do, without Temporal around it. */
export async function takeBackup(
  source: BackupSource,
  between: (artifacts: ArtifactPlan[]) => Promise<void> = async () => {},
): Promise<Taken> {
  const run = await backupRun(influxdbV2.name);
  const backup: BackupSource = {
    capture: (sink) => source.capture(sink),
    open: (artifact) => patiently(() => source.open(artifact)),
    conclude: (outcome) => source.conclude(outcome),
  };
  // Of a directory that the official tool wrote there is nothing else.
  const session = { backup } as ProductSession;
  const captured = await run.capture(session);
  const { artifacts } = captured.capture;
  await between(artifacts);
  const moved = await run.transfer(session, captured);
  const conclusion = await run.conclude(session, captured, moved);
  const reader = await run.commit(captured, moved, conclusion);
  const lines: ObjectLine[] = [];
  for await (const line of reader.objects()) lines.push(line);
  return {
    directory: run.data,
    spool: await run.spool(),
    artifacts,
    lines,
    conclusion,
    reader,
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}

/** Restores as the workflow does: plan, prepare, apply and prove each step, finish. */
export async function restore(
  session: ProductSession,
  taken: Taken,
  request: Omit<RestoreRequest, 'target'>,
  run = 'run1',
): Promise<{
  plan: PlannedRestore;
  proofs: Proof[];
  restored: string[];
  warnings: { code: string }[];
}> {
  const plan = await planRestore(session, taken, request, run);
  const state = asStored(await session.restore.prepare({ ...plan, steps: [] }, taken.reader));
  const proofs: Proof[] = [];
  for (const step of plan.steps) {
    if (session.restore.leavesOut?.(step, state)) continue;
    proofs.push(await restoreStep(session, taken, step, state));
  }
  const finished = await session.restore.finish({ ...plan, steps: [] }, state);
  return { plan, proofs, ...finished };
}

/** @param run what the restore calls itself in the names that it makes for the time being */
export async function planRestore(
  session: ProductSession,
  taken: Taken,
  request: Omit<RestoreRequest, 'target'>,
  run = 'run1',
): Promise<PlannedRestore> {
  return asStored(
    await session.restore.plan({
      backup: taken.reader,
      restore: { target: TARGET, ...request },
      destination: TARGET,
      run,
    }),
  );
}

export async function restoreStep(
  session: ProductSession,
  taken: Taken,
  step: RestoreStep,
  state: Record<string, unknown>,
): Promise<Proof> {
  const original = () => taken.reader.open(step.lines, { decompress: true });
  await session.restore.apply(step, state, original);
  return session.restore.prove(step, state, original, taken.spool);
}

/**
 * A busy server answers 500 now and then; in a run, Temporal tries again. Every 10 s influxd lets idle shards rest, and
 * one that is written to in that moment refuses its snapshot ("snapshots disabled") until the next time.
 */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + 25_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const passing = error instanceof HoldfastError && error.code === 'TARGET_ERROR';
      if (!passing || Date.now() > until) throw error;
      await sleep(500);
    }
  }
}
