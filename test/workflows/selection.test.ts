import { afterEach, describe, expect, test } from 'vitest';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { startWorld, type World } from './world.ts';

/** Sets what the target backs up. */
async function choose(
  world: Pick<World, 'config' | 'holdfast'>,
  target: string,
  filter: object,
): Promise<void> {
  const settings = world.config.targets[target]!;
  settings['connection'] = { ...(settings['connection'] as object), ...filter };
  await world.holdfast.configure(world.config);
}

const missing = (warnings: readonly { code: string; subject?: string | undefined }[]) =>
  warnings.filter(({ code }) => code === 'SELECTION_MISSING').map(({ subject }) => subject);

describe('what `connection` names and the database does not have is told', () => {
  let world: World | DelegatedWorld | undefined;
  afterEach(() => world?.stop());

  test('of buckets and organisations, and the others are backed up', async () => {
    const streamed = (world = await startWorld({ shards: 3 }));
    const buckets = ['telemetry', 'nosuch', 'acme/renamed'];
    await choose(streamed, 'metrics', { select: { buckets } });
    const report = await streamed.holdfast.run('backup', { target: 'metrics' });
    expect(missing(report.warnings)).toEqual(['nosuch', 'acme/renamed']);
    const manifest = await streamed.manifest(report.backup);
    expect(missing(manifest.warnings)).toEqual(['nosuch', 'acme/renamed']);
    expect(manifest.detail).toMatchObject({ bucketCount: 1, shards: 3 });

    const organisations = ['acme', 'elsewhere'];
    await choose(streamed, 'metrics', { select: { organisations, buckets: ['telemetry'] } });
    const second = await streamed.holdfast.run('backup', { target: 'metrics' });
    expect(missing(second.warnings)).toEqual(['elsewhere']);

    await choose(streamed, 'metrics', { select: { organisations: ['elsewhere'], buckets } });
    const empty = await streamed.holdfast.run('backup', { target: 'metrics' });
    expect(missing(empty.warnings)).toEqual(['elsewhere', ...buckets]);
  });

  test('of classes, and the others are backed up', async () => {
    const delegated = (world = await startDelegatedWorld());
    await choose(delegated, 'articles', { include: ['Article', 'Gone', 'News*'] });
    const report = await delegated.holdfast.run('backup', { target: 'articles' });
    expect(missing(report.warnings)).toEqual(['Gone', 'News*']);
    const manifest = await delegated.manifest(report.backup);
    expect(missing(manifest.warnings)).toEqual(['Gone', 'News*']);
    expect(manifest.detail['classes']).toEqual(['Article']);
  });
});
