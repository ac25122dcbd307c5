import type { Ledger } from './ledger.ts';
import { endOf, type Started } from './started.ts';
import type { World } from './world.ts';

/** The copies that backups have begun by themselves, once they have ended; each is given once. */
export async function copiesBegun(
  { stage }: World,
  ledger: Ledger,
  runs: readonly Started[],
): Promise<Started[]> {
  const { client } = stage.holdfast;
  for (const { handle } of runs) ledger.copies.add(handle.firstExecutionRunId);
  const copies: Started[] = [];
  for await (const { type, workflowId, runId } of client.workflow.list()) {
    if (type !== 'copy' || ledger.copies.has(runId)) continue;
    ledger.copies.add(runId);
    const [, target = '', id = ''] = workflowId.split('/');
    const handle = Object.assign(client.workflow.getHandle(workflowId, runId), {
      firstExecutionRunId: runId,
    });
    const backup = ledger.get(id);
    const asked = { operation: 'copy' as const, target, afterMs: 0, pick: 0 };
    copies.push({ asked, handle, ...(backup && { backup }), cancelled: false, terminated: false });
  }
  await Promise.all(copies.map(endOf));
  return copies;
}
