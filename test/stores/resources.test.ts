import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '../../activities/stores/adaptive-limit.ts';
import { ByteBudget } from '../../activities/stores/byte-budget.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the byte budget', () => {
  it('grants up to its capacity, and the rest in the order of asking', async () => {
    const budget = new ByteBudget(100);
    const order: string[] = [];
    const ask = async (name: string, bytes: number) => {
      const release = await budget.acquire(bytes);
      order.push(name);
      return release;
    };
    const first = await ask('first', 60);
    const large = ask('large', 80);
    const small = ask('small', 10);
    await turn();
    expect(order).toEqual(['first']);
    first();
    first();
    (await large)();
    (await small)();
    expect(order).toEqual(['first', 'large', 'small']);
    expect(budget.held).toBe(0);
  });

  it('grants more than its capacity when nothing else is held, instead of never', async () => {
    const budget = new ByteBudget(100);
    const release = await budget.acquire(1000);
    expect(budget.held).toBe(100);
    release();
    expect(budget.held).toBe(0);
  });

  it('forgets whoever gives up waiting, and serves those behind', async () => {
    const budget = new ByteBudget(100);
    const controller = new AbortController();
    const held = await budget.acquire(50);
    const waiting = budget.acquire(100, controller.signal);
    const behind = budget.acquire(50);
    controller.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    (await behind)();
    held();
    await expect(budget.acquire(1, AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
    expect(budget.held).toBe(0);
  });
});

describe('the adaptive limit', () => {
  it('lets no more run than it says, and the next one when one ends', async () => {
    const limit = new AdaptiveLimit({ start: 2, ceiling: 2 });
    const first = await limit.acquire();
    await limit.acquire();
    let third = false;
    const waiting = limit.acquire().then((release) => ((third = true), release));
    await turn();
    expect(third).toBe(false);
    first('neither');
    (await waiting)('neither');
    expect(third).toBe(true);
  });

  it('halves once for a burst of refusals, never below one, and grows slowly', async () => {
    const limit = new AdaptiveLimit({ start: 8, ceiling: 8 });
    const burst = await Promise.all(Array.from({ length: 8 }, () => limit.acquire()));
    for (const release of burst) release('overloaded');
    expect(limit.limit).toBe(4);
    for (let i = 0; i < 6; i++) (await limit.acquire())('overloaded');
    expect(limit.limit).toBe(1);
    for (let i = 0; i < 5; i++) (await limit.acquire())('good');
    expect(limit.limit).toBeGreaterThan(1);
    for (let i = 0; i < 100; i++) (await limit.acquire())('good');
    expect(limit.limit).toBe(8);
  });

  it('forgets whoever gives up waiting', async () => {
    const limit = new AdaptiveLimit({ start: 1, ceiling: 1 });
    const controller = new AbortController();
    const held = await limit.acquire();
    const waiting = limit.acquire(controller.signal);
    const behind = limit.acquire();
    controller.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    held('good');
    (await behind)('good');
  });
});
