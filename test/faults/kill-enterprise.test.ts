import { describe, expect, test } from 'vitest';
import { audit } from './audit.ts';
import { setEnterpriseStage } from './enterprise-stage.ts';
import { until } from './following.ts';
import { COPY_INTO_S3 } from './kill-steps.ts';
import { surviving } from './surviving.ts';
import { PATIENCE_MS, workerStages } from './worker-stages.ts';

const { newStage } = workerStages(setEnterpriseStage);

describe.concurrent('workers that are killed while objects are copied into S3', () => {
  test.each(['near', 'far'] as const)(
    'a copy goes on where it was (%s)',
    async (place) => {
      const stage = await newStage({ place });
      let backup = '';
      const { result, failure, unreached } = await surviving(stage, COPY_INTO_S3, async () => {
        await stage.holdfast.start('backup', { target: 'cluster' });
        await until('the copy begins', async () => {
          for await (const run of stage.holdfast.client.workflow.list()) {
            if (run.type === 'copy') backup = run.workflowId.split('/')[2] ?? '';
          }
          return backup !== '';
        });
        return stage.holdfast.client.workflow.getHandle(`copy/cluster/${backup}`);
      });
      const { backups, problems } = await audit(stage);

      expect({ failure, unreached, problems }).toEqual({ unreached: [], problems: [] });
      expect(result).toMatchObject({
        backup,
        method: place === 'near' ? 'server-side' : 'streamed',
      });
      expect(backups).toEqual([backup]);
      const { brought, movedAgain } = stage;
      expect(brought.size).toBeGreaterThan(1);
      expect([...brought].filter((key) => !stage.s3.bucket.objects.has(key))).toEqual([]);
      expect([...movedAgain]).toEqual([]);
    },
    PATIENCE_MS,
  );
});
