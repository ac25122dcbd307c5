import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { expect, test } from 'vitest';
import { refusingReset } from '../../activities/locks/refuse-reset.ts';
import type { Activities } from '../../workflows/contract/activities.ts';

const ENDED = { workflowId: 'w', runId: 'before' };

/** How a step of a reset run fails. */
async function refusal(workflowType: string, request: object): Promise<unknown> {
  const refusing = refusingReset({ openBackup: async () => {} } as unknown as Activities);
  const info = { workflowType, workflowExecution: { workflowId: 'w', runId: 'after' } };
  const step = () => refusing.openBackup(request as never).then(String, String);
  return asyncLocalStorage.run({ info } as Context, step);
}

test.each([
  ['backup', {}, 'Start the `backup` again'],
  ['restore', { snapshot: { target: 'the destination' } }, 'Start the `restore` again'],
  ['delete', {}, 'Start the `delete` of backup b-1 again'],
  ['copy', {}, 'Start the `copy` of backup b-1 again'],
])('a reset %s is told to be started again, by no command', async (operation, more, said) => {
  const job = { run: ENDED, backup: 'b-1', ...more };
  expect(await refusal(operation, { job })).toMatch(`${said} as it was started.`);
  expect(await refusal(operation, job)).toMatch(`${said} as it was started.`);
});
