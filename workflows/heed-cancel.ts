import { CancelledFailure, CancellationScope, patched } from '@temporalio/workflow';

/**
 * The last moment at which a cancel can be heeded, before a step that is not cut off any more. Activities that were all
 * but done end well although they were to be cancelled, and nothing else would tell of it.
 */
export function heedCancel(): void {
  if (CancellationScope.current().consideredCancelled && patched('heeds-cancel')) {
    throw new CancelledFailure('Workflow cancelled');
  }
}
