import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../activities/stores/store.ts';
import { expectFailure } from './conformance.ts';
import { collect, listOf, someBytes } from './sources.ts';

/** Two stores of one service, empty at first. */
export interface CopyingUnderTest {
  source: Store;
  store: Store;
  /** Whether the service copies by itself; else the same calls must do nothing. */
  copies: boolean;
  /** Lengths on both sides of what one request copies, as small as the service allows. */
  wholeBytes: number;
  /** A store of another service. */
  elsewhere: Store;
  close(): Promise<void>;
}

/** The part of `Store`'s contract that takes two of them. */
export function describeCopying(name: string, factory: () => Promise<CopyingUnderTest>): void {
  describe(`${name}, copying from store to store`, () => {
    let under: CopyingUnderTest;
    let source: Store;
    let store: Store;
    beforeAll(async () => {
      under = await factory();
      ({ source, store } = under);
    });
    afterEach(async () => {
      for (const each of [source, store, under.elsewhere]) {
        await each.close();
        await each.remove((await keys(each)).filter(Boolean));
        expect(await listOf(each.openUploads(''))).toEqual([]);
      }
    });
    afterAll(async () => under.close());

    const keys = async (of: Store) => (await listOf(of.list(''))).map(({ key }) => key);

    it('keeps every byte of objects of any length, or does nothing', async () => {
      const { wholeBytes, copies } = under;
      for (const length of [0, 1, 300_000, wholeBytes, wholeBytes + 1, 3 * wholeBytes + 4711]) {
        const bytes = someBytes(length);
        const key = `db/${length}/chunk 1+ü&#%.gz`;
        await source.put(key, bytes);
        const made = await store.copyFrom(source, key, `t/b/data/${length}`);
        if (!copies) {
          expect(made).toBeUndefined();
          continue;
        }
        expect(made).toMatchObject({ key: `t/b/data/${length}`, bytes: length });
        expect((await collect(store.read(`t/b/data/${length}`))).equals(bytes)).toBe(true);
        expect((await collect(source.read(key))).equals(bytes)).toBe(true);
      }
      if (!copies) expect(await keys(store)).toEqual([]);
    });

    it('takes only the object that is meant', async () => {
      const { wholeBytes, copies } = under;
      if (!copies) return;
      for (const length of [1000, 2 * wholeBytes]) {
        const key = `db/${length}`;
        await source.put(key, someBytes(length));
        const { etag } = (await source.head(key))!;
        const [listed] = await listOf(source.list(key));
        expect(listed).toMatchObject({ etag });
        expect(await store.copyFrom(source, key, `t/${length}`, { etag })).toBeDefined();
        await source.overwrite(key, someBytes(length));
        const late = store.copyFrom(source, key, `t/${length}-again`, { etag });
        expect((await expectFailure(late, 'OBJECT_CHANGED')).message).toContain(key);
        await expectFailure(collect(source.read(key, { etag })), 'OBJECT_CHANGED');
      }
      expect(await keys(store)).toEqual([`t/1000`, `t/${2 * wholeBytes}`].sort());
    });

    it('says what is missing, and where', async () => {
      if (!under.copies) return;
      const error = await expectFailure(store.copyFrom(source, 'db/none', 't/x'), 'OBJECT_MISSING');
      expect(error.message).toContain(source.place);
      expect(error.message).toContain('db/none');
      expect(await keys(store)).toEqual([]);
    });

    it('never overwrites', async () => {
      const { wholeBytes, copies } = under;
      if (!copies) return;
      await store.put('t/x', Buffer.from('first'));
      for (const length of [1000, 2 * wholeBytes]) {
        await source.put(`db/${length}`, someBytes(length));
        const error = await expectFailure(
          store.copyFrom(source, `db/${length}`, 't/x'),
          'OBJECT_EXISTS',
        );
        expect(error.message).toContain('t/x');
      }
      expect((await collect(store.read('t/x'))).toString()).toBe('first');
    });

    it('does nothing when the two are not one service', async () => {
      await under.elsewhere.put('db/x', Buffer.from('x'));
      expect(await store.copyFrom(under.elsewhere, 'db/x', 't/x')).toBeUndefined();
      expect(await keys(store)).toEqual([]);
    });

    it('does nothing when it was aborted before', async () => {
      await source.put('db/x', Buffer.from('x'));
      const signal = AbortSignal.abort(new Error('too late'));
      if (!under.copies) return;
      await expect(store.copyFrom(source, 'db/x', 't/x', { signal })).rejects.toThrow('too late');
      expect(await keys(store)).toEqual([]);
    });
  });
}
