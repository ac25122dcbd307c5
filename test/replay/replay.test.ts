import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { IN_MAIN_THREAD } from '../support/main-thread.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';

const HISTORIES = fileURLToPath(new URL('histories', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('../../workflows', import.meta.url));
const histories = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json'));
let code: string;

beforeAll(async () => {
  quietRuntime();
  code = await workflowBundle();
});

describe('runs that older code began go on under this code', () => {
  test('there are histories of every workflow', () => {
    for (const type of ['backup', 'restore', 'verify', 'copy', 'delete', 'lock']) {
      expect(histories.some((name) => name.startsWith(type))).toBe(true);
    }
  });

  test('there is a history of every way that newer code takes and older code did not', async () => {
    const files = (await readdir(WORKFLOWS, { recursive: true })).filter((name) =>
      name.endsWith('.ts'),
    );
    const changes: (string | undefined)[] = [];
    for (const name of files) {
      const text = await readFile(`${WORKFLOWS}/${name}`, 'utf8');
      changes.push(...[...text.matchAll(/patched\(\s*'([^']+)'/g)].map(([, change]) => change));
    }
    expect(changes.length).toBeGreaterThan(0);
    const recorded = new Set<string>();
    for (const name of histories) {
      const { events } = JSON.parse(await readFile(`${HISTORIES}/${name}`, 'utf8')) as History;
      for (const { markerRecordedEventAttributes: marker } of events) {
        const [payload] = marker?.details['patch-data']?.payloads ?? [];
        if (payload) recorded.add(changeIn(payload.data));
      }
    }
    expect(changes.filter((change) => !recorded.has(change ?? ''))).toEqual([]);
  });

  test.each(histories)('%s', async (name) => {
    const history = JSON.parse(await readFile(`${HISTORIES}/${name}`, 'utf8')) as object;
    await Worker.runReplayHistory({ workflowBundle: { code }, ...IN_MAIN_THREAD }, history, name);
  });

  test('a history that does not fit is refused, so that this suite can fail', async () => {
    const name = histories.find((one) => one.startsWith('backup-done'));
    const text = await readFile(`${HISTORIES}/${name}`, 'utf8');
    const foreign = JSON.parse(text.replaceAll('resolveBackup', 'resolveSomething')) as object;
    await expect(
      Worker.runReplayHistory({ workflowBundle: { code }, ...IN_MAIN_THREAD }, foreign, 'foreign'),
    ).rejects.toThrow(/[Nn]ondeterminism/);
  });
});

interface History {
  events: {
    markerRecordedEventAttributes?: { details: Record<string, { payloads: { data: string }[] }> };
  }[];
}

/** The SDK's note that a run took a newer way: JSON in base64. */
function changeIn(data: string): string {
  return (JSON.parse(Buffer.from(data, 'base64').toString()) as { id: string }).id;
}
