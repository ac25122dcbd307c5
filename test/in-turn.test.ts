import { expect, it } from 'vitest';
import { inTurn } from '../activities/in-turn.ts';

const never = new AbortController().signal;

it('does one after the other, also after one that failed', async () => {
  const seen: string[] = [];
  let finish: (() => void) | undefined;
  const first = inTurn(never, async () => {
    seen.push('first');
    await new Promise<void>((resolve) => (finish = resolve));
    throw new Error('first failed');
  });
  const failed = expect(first).rejects.toThrow('first failed');
  const second = inTurn(never, () => Promise.resolve(seen.push('second')));
  await expect.poll(() => finish).toBeDefined();
  expect(seen).toEqual(['first']);
  finish?.();
  await failed;
  await second;
  expect(seen).toEqual(['first', 'second']);
});

it('lets go whoever waits, and nobody passes the one that works', async () => {
  const stop = new AbortController();
  let finish: (() => void) | undefined;
  const first = inTurn(never, () => new Promise<void>((resolve) => (finish = resolve)));
  const waiting = inTurn(stop.signal, () => Promise.resolve('begun'));
  const seen: string[] = [];
  const third = inTurn(never, () => Promise.resolve(seen.push('third')));
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(seen).toEqual([]);
  finish?.();
  await Promise.all([first, third]);
  expect(seen).toEqual(['third']);
});
