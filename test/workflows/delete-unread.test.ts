import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { causeOf, startWorld, type World } from './world.ts';

let streamed: World;
let delegated: DelegatedWorld;

beforeAll(async () => {
  streamed = await startWorld({ shards: 2 });
  delegated = await startDelegatedWorld();
});
afterAll(async () => {
  await streamed?.stop();
  await delegated?.stop();
});

async function damage(store: string, target: string, backup: string): Promise<void> {
  const path = join(store, target, backup, 'backup.json');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('"note": null', '"note": "another"'));
}

const refusal = (message: RegExp, hint: RegExp) => ({
  type: 'BACKUP_DAMAGED',
  message: expect.stringMatching(message) as string,
  details: [{ hint: expect.stringMatching(hint) as string }],
});

test('one whose manifest cannot be read keeps every other from being deleted, and it is said how to get on', async () => {
  const { holdfast, store } = streamed;
  const take = async () => (await holdfast.run('backup', { target: 'metrics' })).backup;
  const [one, other] = [await take(), await take()];
  const remove = (backup: string) =>
    holdfast.run('delete', { target: 'metrics', backup, confirm: backup }).catch(causeOf);
  for (const backup of [one, other]) await damage(store.path, 'metrics', backup);
  const says = (backup: string, unread: string) =>
    refusal(
      new RegExp(
        `^Backup ${backup} of metrics is not deleted, nor is any other of metrics until somebody has looked at ${unread}: .*backup\\.json is not as it was written`,
      ),
      new RegExp(`rests on ${unread} .*remove by hand its folder ${store.path}/metrics/${unread}/`),
    );
  expect(await remove(one)).toMatchObject(says(one, other));
  expect(await remove(other)).toMatchObject(says(other, one));
  await rm(join(store.path, 'metrics', other), { recursive: true });
  expect(await remove(one)).toMatchObject({ backup: one });
});

test('one whose copy cannot be read keeps every other from being deleted until the copy is whole', async () => {
  const { holdfast, store } = delegated;
  const take = async () => {
    const { backup } = await holdfast.run('backup', { target: 'articles' });
    await delegated.copied(backup);
    return backup;
  };
  const [one, other] = [await take(), await take()];
  const collected = join(store, 'articles', other, 'collected.json');
  const text = await readFile(collected, 'utf8');
  await writeFile(collected, text.replace('"artifacts"', '"artefacts"'));
  const input = { target: 'articles', backup: one, confirm: one };
  expect(await holdfast.run('delete', input).catch(causeOf)).toMatchObject(
    refusal(
      new RegExp(`until somebody has looked at ${other}: .*collected\\.json is not as it was`),
      new RegExp(`^Where it is the copy .*, \`holdfast copy articles ${other}\` makes it whole\\.`),
    ),
  );
  await holdfast.run('copy', { target: 'articles', backup: other });
  expect(await holdfast.run('delete', input)).toMatchObject({ backup: one });
});

test('of what a database wrote, it is said what to remove where only the manifest would tell', async () => {
  const { holdfast, store } = delegated;
  const { backup } = await holdfast.run('backup', { target: 'articles' });
  await delegated.copied(backup);
  await damage(store, 'articles', backup);
  const input = { target: 'articles', backup, confirm: backup };
  expect(await holdfast.run('delete', input).catch(causeOf)).toMatchObject(
    refusal(
      /is not deleted: only its manifest tells what the database wrote for it\. /,
      new RegExp(
        `by hand what the database's storage has under its name \\(also with -2, -3 at the end\\), then its folder ${store}/articles/${backup}/`,
      ),
    ),
  );
});
