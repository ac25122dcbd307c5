import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ALWAYS } from '../simulators/s3/faults.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';

let world: CopyWorld;
let backup: string;

beforeAll(async () => {
  world = await startCopyWorld({ timeouts: { attempts: 3 } });
  ({ backup } = await world.holdfast.run('backup', { target: 'far' }));
  await world.copied('far', backup);
});
beforeEach(() => {
  world.near.calm();
  world.far.calm();
});
afterAll(() => world?.stop());

const fault = { kind: 'answer', status: 500, code: 'InternalError' } as const;

describe('where `attempts` allows only a few', () => {
  test('a copy that is whole does not fail over what it cannot remove', async () => {
    world.forgetCopy('far', backup);
    world.far.plan({ on: 'DeleteObjects', times: ALWAYS, fault });
    const { warnings } = await world.holdfast.run('copy', { target: 'far', backup });
    expect(warnings).toContainEqual(
      expect.objectContaining({
        code: 'LEFTOVERS',
        message: expect.stringContaining('is complete') as string,
      }),
    );
    expect(world.collected('far', backup)).toBeDefined();
  });

  test('a restore that is proven does not fail over its proof, nor over what was put back for it', async () => {
    for (const [key] of world.near.bucket.listed(`weaviate/${backup}/`)) {
      world.near.bucket.remove(key);
    }
    world.far.plan({ on: 'PutObject', key: /\/proofs\//, times: ALWAYS, fault });
    world.near.plan({ on: 'ListMultipartUploads', times: ALWAYS, fault });
    const { proof, warnings } = await world.holdfast.run('restore', {
      target: 'far',
      backup,
      onConflict: 'replace',
      confirm: 'far',
    });
    expect(proof.identical + proof.equivalent).toBeGreaterThan(0);
    expect(warnings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['PROOF_NOT_KEPT', 'LEFTOVERS']),
    );
  });
});
