import { describe, expect, test } from 'vitest';
import type { ObservedPlace } from '../../activities/products/weaviate/census.ts';
import type { WeaviateClient } from '../../activities/products/weaviate/client.ts';
import { label } from '../../activities/products/weaviate/objects.ts';
import type { Observer } from '../../activities/products/weaviate/observe.ts';
import { shrunkPlaces } from '../../activities/products/weaviate/shrunk-places.ts';

describe('a place of Weaviate with fewer objects after its backup than before', () => {
  const place = (name: string, count: number): ObservedPlace => ({
    class: name,
    count,
    sample: [],
  });

  /** @param counts of each class what the server says when it is asked again, the last one for ever */
  async function shrunk(before: ObservedPlace[], after: ObservedPlace[], counts: object = {}) {
    const left = new Map<string, (number | string)[]>(Object.entries(counts));
    const asked: string[] = [];
    const jsonOr = ({ json: { query } }: { json: { query: string } }) => {
      const name = /Aggregate \{ (\w+)/.exec(query)?.[1] ?? '';
      asked.push(name);
      const [now = 0, ...later] = left.get(name) ?? [];
      if (later.length > 0) left.set(name, later);
      const value =
        typeof now === 'string'
          ? { errors: [{ message: now }] }
          : { data: { Aggregate: { [name]: [{ meta: { count: now } }] } } };
      return Promise.resolve({ value });
    };
    const client = { server: 'weaviate', signal: new AbortController().signal, jsonOr };
    const observer = { client: client as unknown as WeaviateClient, concurrency: 1 } as Observer;
    const seen = new Map(after.map((one) => [label(one), one]));
    return { shrunk: await shrunkPlaces(observer, before, seen), asked };
  }

  test('is counted again, since replicas may not have caught up', async () => {
    const after = [place('Late', 8), place('Short', 8), place('Whole', 12)];
    const before = [place('Late', 10), place('Short', 10), place('Whole', 12), place('Gone', 1)];
    const counts = { Late: [9, 10], Short: [9] };
    const found = await shrunk(before, after, counts);
    expect(found.shrunk.map(label)).toEqual(['class Short', 'class Gone']);
    expect(after.map(({ count }) => count)).toEqual([10, 9, 12]);
    // All in each round, so that many take no longer than one.
    expect(found.asked).toEqual(['Late', 'Short', 'Late', 'Short', 'Short']);
  });

  test('has lost nothing that can be told when it fell asleep, and everything when it went', async () => {
    const before = [place('Asleep', 10), place('Gone', 10)];
    const after = [place('Asleep', 8), place('Gone', 8)];
    const counts = { Asleep: ["tenant not active: 'a'"], Gone: ['class "Gone" not found'] };
    const found = await shrunk(before, after, counts);
    expect(found.shrunk.map(label)).toEqual(['class Gone']);
    expect(after.map(({ count }) => count)).toEqual([undefined, 0]);
  });
});
