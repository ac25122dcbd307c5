import { Context } from '@temporalio/activity';

/** The workflow run that the activity belongs to. */
export function ownExecution(): { workflowId: string; runId: string } {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution) return workflowExecution;
  throw new Error('This activity was started without a workflow.');
}
