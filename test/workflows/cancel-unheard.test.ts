import { expect, inject, test } from 'vitest';
import { deafRun } from '../support/deaf-run.ts';

test('a run is cancelled also when its activity fails before it hears of the cancel', async () => {
  await deafRun(inject('temporalAddress'), async (run) => {
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect((await run.describe()).status.name).toBe('CANCELLED');
  });
});
