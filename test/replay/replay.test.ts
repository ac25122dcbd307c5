import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { quietRuntime } from '../support/quiet-runtime.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';

const HISTORIES = fileURLToPath(new URL('histories', import.meta.url));
const histories = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json'));
let code: string;

beforeAll(async () => {
  quietRuntime();
  code = await workflowBundle();
});

describe('P-09 runs that older code began go on under this code', () => {
  test('there are histories of every workflow', () => {
    for (const type of ['backup', 'restore', 'verify', 'copy', 'delete', 'lock']) {
      expect(histories.some((name) => name.startsWith(type))).toBe(true);
    }
  });

  test.each(histories)('%s', async (name) => {
    const history = JSON.parse(await readFile(`${HISTORIES}/${name}`, 'utf8')) as object;
    await Worker.runReplayHistory({ workflowBundle: { code } }, history, name);
  });

  test('a history that does not fit is refused, so that this suite can fail', async () => {
    const name = histories.find((one) => one.startsWith('backup-done'));
    const text = await readFile(`${HISTORIES}/${name}`, 'utf8');
    const foreign = JSON.parse(text.replaceAll('resolveBackup', 'resolveSomething')) as object;
    await expect(
      Worker.runReplayHistory({ workflowBundle: { code } }, foreign, 'foreign'),
    ).rejects.toThrow(/[Nn]ondeterminism/);
  });
});
