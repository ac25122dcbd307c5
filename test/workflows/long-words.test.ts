import { afterAll, beforeAll, expect, test } from 'vitest';
import { toApplicationFailure, HoldfastError } from '../../activities/failure.ts';
import { shortened } from '../../activities/shortened.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { causeOf } from './world.ts';

const LONG = 50_000;
let world: DelegatedWorld;

beforeAll(async () => {
  world = await startDelegatedWorld();
});
afterAll(() => world?.stop());

test('the words of a product enter the history shortened, however long they are', async () => {
  const { backup } = await world.holdfast.run('backup', { target: 'articles' });
  await world.copied(backup);
  for (const { switches } of [world.database, world.spare]) switches.errorCharacters = LONG;
  world.database.switches.backupFails = true;
  world.spare.switches.restoreFails = true;
  const runs = [
    await world.holdfast.start('backup', { target: 'articles' }),
    await world.holdfast.start('restore', { target: 'articles', backup, into: 'spare' }),
  ];
  for (const run of runs) {
    const failure = causeOf(await run.result().catch((error: unknown) => error));
    expect(failure).toMatchObject({
      type: 'JOB_FAILED',
      message: expect.stringMatching(/… \(\d+ more characters\)/),
    });
    const { events } = await run.fetchHistory();
    const longest = Math.max(...(events ?? []).map((event) => JSON.stringify(event).length));
    expect(longest).toBeLessThan(LONG / 2);
  }
});

test('a text is cut between two words, never in a character, and says how much it lacks', () => {
  expect(shortened('as it is')).toBe('as it is');
  expect(shortened('one two three', 9)).toBe('one two… (6 more characters)');
  expect(shortened('😀😀😀', 3)).toBe('😀… (4 more characters)');
  expect(shortened('x'.repeat(2_000))).toBe(`${'x'.repeat(1_000)}… (1000 more characters)`);
  const failure = new HoldfastError('CONFIG_INVALID', 'a mistake; '.repeat(10_000));
  expect(toApplicationFailure(failure).message.length).toBeLessThan(10_100);
});
