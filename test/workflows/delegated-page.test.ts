import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../workflows/contract/progress.ts';
import { ALWAYS } from '../simulators/s3/faults.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { call } from './seed-articles.ts';

let world: CopyWorld;

beforeAll(async () => {
  world = await startCopyWorld();
});
afterAll(() => world?.stop());
afterEach(() => {
  world.database.calm();
  world.far.calm();
});

/** The current details, as the Temporal UI shows them. */
async function pageOf(handle: Pick<WorkflowHandle, 'query'>): Promise<string> {
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

const workflow = (id: string) => world.holdfast.client.workflow.getHandle(id);
const backup = () => world.holdfast.start('backup', { target: 'far' });

describe('the page of a run of a product that writes its backups itself', () => {
  test('shows what the product says beside what Holdfast is doing', async () => {
    world.database.switches.backupHangs = true;
    const taking = await backup();
    await expect.poll(() => pageOf(taking)).toContain('The product says: STARTED');
    expect(await pageOf(taking)).toMatch(/^### the product writes its backup\n/);
    // No product tells how far it is: what appears in its storage does.
    await expect.poll(() => pageOf(taking)).toMatch(/\| objects so far \| [1-9]/);
    world.database.calm();
    const report = (await taking.result()) as { backup: string };
    await world.copied('far', report.backup);

    await call(world.database.url, 'DELETE', '/v1/schema/Note');
    world.database.switches.restoreHangs = true;
    const restoring = await world.holdfast.start('restore', {
      target: 'far',
      backup: report.backup,
      select: { classes: ['Note'] },
    });
    await expect.poll(() => pageOf(restoring)).toContain('The product says: TRANSFERRING');
    expect(await pageOf(restoring)).toMatch(/^### the product restores\n/);
    world.database.calm();
    await restoring.result();
  });

  test('says that the bytes lie beside the database alone, until they are copied', async () => {
    const fault = { kind: 'answer', status: 507, code: 'StorageFull' } as const;
    world.far.plan({ on: 'PutObject', key: /\/chunk-/, times: ALWAYS, fault });
    const taking = await backup();
    const { backup: id } = (await taking.result()) as { backup: string };
    const copying = workflow(`copy/far/${id}`);
    const alone = `**Same failure domain**: its bytes lie beside the database alone until \`copy/far/${id}\` has ended.`;
    expect(await pageOf(taking)).toContain(alone);
    const { sameFailureDomain } = await taking.query<Progress>('progress');
    expect(sameFailureDomain).toEqual({ copy: `copy/far/${id}` });

    await expect(copying.result()).rejects.toMatchObject({ cause: { type: 'STORE_FULL' } });
    expect(await pageOf(copying)).toContain(alone);
    world.far.calm();
    const again = await world.holdfast.start('copy', { target: 'far', backup: id });
    await again.result();
    const page = await pageOf(again);
    expect(page).toMatch(/^### done\n/);
    expect(page).not.toContain('Same failure domain');
  });
});
