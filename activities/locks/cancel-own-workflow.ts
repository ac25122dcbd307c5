import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { ownExecution } from './own-execution.ts';

export function cancelOwnWorkflow(deps: Dependencies): Activities['cancelOwnWorkflow'] {
  return () =>
    attempt(deps, async () => {
      const { workflowId, runId } = ownExecution();
      await deps.client.workflow.getHandle(workflowId, runId).cancel();
    });
}
