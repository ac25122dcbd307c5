import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract/names.ts';

const TYPE_NUMBERS = { KEYWORD: 2, INT: 3 } as const;
const PATIENCE_MS = 120_000;

/** A namespace of a test file's own on the shared server, so that its workers see no other's work. */
export async function freshNamespace(
  address: string,
  options: { searchAttributes?: boolean } = {},
): Promise<string> {
  const namespace = `test-${randomBytes(4).toString('hex')}`;
  const connection = await openConnection({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    await eventually(() => connection.workflowService.describeNamespace({ namespace }));
    if (options.searchAttributes !== false) {
      await eventually(() =>
        connection.operatorService.addSearchAttributes({
          namespace,
          searchAttributes: Object.fromEntries(
            Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, TYPE_NUMBERS[type]]),
          ),
        }),
      );
    }
    // The frontend learns of a namespace a moment after it is registered.
    await eventually(() =>
      connection.workflowService.listWorkflowExecutions({
        namespace,
        query: options.searchAttributes === false ? '' : `HoldfastTarget = 'none'`,
      }),
    );
    return namespace;
  } finally {
    await connection.close();
  }
}

async function eventually(ask: () => Promise<unknown>): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(200);
    }
  }
}
