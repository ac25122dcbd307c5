import { Context } from '@temporalio/activity';
import type { Activities } from '../workflows/contract/activities.ts';
import { attempt } from './attempt.ts';
import type { Dependencies } from './dependencies.ts';

export function cancelOwnWorkflow(deps: Dependencies): Activities['cancelOwnWorkflow'] {
  return () =>
    attempt(deps, async () => {
      const { workflowId, runId } = Context.current().info.workflowExecution!;
      await deps.client.workflow.getHandle(workflowId, runId).cancel();
    });
}
