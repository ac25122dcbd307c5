import { workflowInfo } from '@temporalio/workflow';
import { OPERATIONS } from './contract/names.ts';
import { failure } from './failure.ts';

/**
 * Whatever is started under a name that this version does not know, as a misspelt one in the Temporal UI. Without it such
 * a run would stay open for ever.
 */
export function unknownOperation(): Promise<never> {
  const { workflowType } = workflowInfo();
  const known = OPERATIONS.join(', ');
  throw failure(
    'INPUT_INVALID',
    `This version of Holdfast has no workflow "${workflowType}"; it has ${known}.`,
  );
}
