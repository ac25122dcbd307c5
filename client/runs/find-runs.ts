import type { WorkflowExecutionInfo } from '@temporalio/client';
import { OPERATIONS, type Operation } from '../../workflows/contract/names.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { unusableSearchAttributes } from '../temporal/search-attributes.ts';

export interface FoundRun {
  workflowId: string;
  runId: string;
  operation: string;
  target: string | undefined;
  backup: string | undefined;
  /** As Temporal has it: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  status: string;
  /** As the run itself says, where search attributes are registered. */
  outcome: string | undefined;
  bytes: number | undefined;
  startedAt: Date;
  closedAt: Date | undefined;
}

/** Runs from Temporal's visibility, newest first. */
export async function findRuns(
  session: TemporalSession,
  { target, running, limit }: { target?: string | undefined; running?: boolean; limit: number },
): Promise<FoundRun[]> {
  const types = OPERATIONS.map((operation) => `"${operation}"`).join(', ');
  const query = [
    `WorkflowType IN (${types})`,
    ...(running === undefined ? [] : [`ExecutionStatus ${running ? '=' : '!='} "Running"`]),
    ...(target === undefined ? [] : [await ofTarget(session, target)]),
  ].join(' AND ');
  const found: FoundRun[] = [];
  for await (const info of session.client.workflow.list({
    query,
    pageSize: Math.min(limit, 200),
  })) {
    found.push(toRun(info));
    if (found.length >= limit) break;
  }
  return found.sort((one, other) => other.startedAt.getTime() - one.startedAt.getTime());
}

/** By id for our own runs, by attribute for those started under any id in the Temporal UI. */
async function ofTarget(session: TemporalSession, target: string): Promise<string> {
  const byId = OPERATIONS.map(
    (operation) => `WorkflowId BETWEEN "${operation}/${target}/" AND "${operation}/${target}0"`,
  );
  const unusable = await unusableSearchAttributes(session).catch(() => undefined);
  const names = unusable && [...unusable.missing, ...unusable.mistyped.map(({ name }) => name)];
  const searchable = names && !names.includes('HoldfastTarget');
  const byAttribute = searchable ? [`HoldfastTarget = "${target}"`] : [];
  return `(${[...byId, ...byAttribute].join(' OR ')})`;
}

export function toRun(info: Omit<WorkflowExecutionInfo, 'raw' | 'priority'>): FoundRun {
  const attributes = new Map(
    info.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
  );
  const text = (name: string) => {
    const value = attributes.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const bytes = attributes.get('HoldfastBytes');
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    operation: info.type,
    target: text('HoldfastTarget') ?? targetIn(info.workflowId),
    backup: text('HoldfastBackup'),
    status: info.status.name,
    outcome: text('HoldfastOutcome'),
    bytes: typeof bytes === 'number' ? bytes : undefined,
    startedAt: info.startTime,
    closedAt: info.closeTime,
  };
}

function targetIn(workflowId: string): string | undefined {
  const [operation, target, ...rest] = workflowId.split('/');
  return rest.length > 0 && OPERATIONS.includes(operation as Operation) ? target : undefined;
}
