import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../activities/failure.ts';
import type { Store } from '../../activities/stores/store.ts';
import { ticksUntil } from '../support/ticks.ts';
import {
  collect,
  cut,
  endless,
  listOf,
  PROMISED_TICKS,
  someBytes,
  stalled,
  stream,
} from './sources.ts';

/** A store under test, empty at first. */
export interface StoreUnderTest {
  store: Store;
  /** A length that the store takes in several parts, if it knows parts; as small as it allows. */
  manyParts: number;
  /** Why writers that come at the very same moment may all succeed there; whole objects are still all that is kept. */
  racing?: string;
  /** What it tells of a small object holds the CRC32 of its bytes, when it is asked for that. */
  tellsChecksums?: true;
  /** The same place once more, as another worker would open it. */
  reopen(): Store;
  close(): Promise<void>;
}

/** The contract of `Store` in executable form. Every implementation passes all of it. */
export function describeStore(name: string, factory: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the promises of a store`, () => {
    let under: StoreUnderTest;
    let store: Store;
    beforeAll(async () => {
      under = await factory();
      store = under.store;
    });
    afterEach(async () => {
      await store.close();
      await removeAll(store);
      expect(await listOf(store.openUploads(''))).toEqual([]);
    });
    afterAll(async () => under.close());

    const keys = async (prefix = '') => (await listOf(store.list(prefix))).map(({ key }) => key);

    describe('creating', () => {
      const lengths = (): [string, number][] => [
        ['nothing', 0],
        ['one byte', 1],
        ['a few chunks', 300_000],
        ['exactly one part', under.manyParts / 4],
        ['one byte more than a part', under.manyParts / 4 + 1],
        ['many parts', under.manyParts],
        ['many parts and a rest', under.manyParts + 4711],
      ];

      it('keeps every byte of streams of any length', async () => {
        for (const [what, length] of lengths()) {
          const bytes = someBytes(length);
          const key = `t/b/data/${what.replaceAll(' ', '-')}.tar`;
          const created = await store.create(key, stream(bytes));
          expect(created, what).toMatchObject({ key, bytes: length });
          expect((await collect(store.read(key))).equals(bytes), what).toBe(true);
          expect(await store.head(key), what).toMatchObject({ key, bytes: length });
          const told = (await store.head(key, { checksum: true }))?.crc32;
          expect([undefined, created.crc32], what).toContain(told);
          if (under.tellsChecksums && length < 1000) expect(told, what).toBeDefined();
        }
      });

      it('does not care how a stream is cut into chunks', async () => {
        const bytes = someBytes(under.manyParts + 17);
        for (const chunk of [1000, under.manyParts / 4, under.manyParts + 17]) {
          await store.create(`t/chunks-${chunk}`, stream(bytes, chunk));
          expect((await collect(store.read(`t/chunks-${chunk}`))).equals(bytes)).toBe(true);
        }
      });

      it('keeps what put was given, of any length', async () => {
        for (const length of [0, 1, 70_000]) {
          const bytes = someBytes(length);
          expect(await store.put(`t/put-${length}`, bytes)).toMatchObject({ bytes: length });
          expect((await collect(store.read(`t/put-${length}`))).equals(bytes)).toBe(true);
        }
      });

      it('takes names with spaces, signs and other alphabets', async () => {
        const odd = [
          't/a b/ü+&=?#%25.tar',
          't/~2/x~2.tar.age.000',
          't/日本/ё',
          "t/(!*')/x",
          't/.x',
        ];
        for (const key of odd) await store.put(key, Buffer.from(key));
        for (const key of odd) expect((await collect(store.read(key))).toString()).toBe(key);
        expect((await keys()).sort()).toEqual([...odd].sort());
        await store.remove(odd);
        expect(await keys()).toEqual([]);
      });

      it('refuses names that could lead elsewhere', async () => {
        const bad = ['', '/etc/passwd', '../x', 't/../../x', 't//x', 't/', './x', 't\\x', 't/a\0b'];
        for (const key of [...bad, `t/${'x'.repeat(256)}`]) {
          await expectFailure(store.put(key, Buffer.from('x')), 'STORE_REFUSED');
          await expectFailure(collect(store.read(key)), 'STORE_REFUSED');
          await expectFailure(store.head(key), 'STORE_REFUSED');
          await expectFailure(store.remove([key]), 'STORE_REFUSED');
        }
        expect(await keys()).toEqual([]);
      });
    });

    describe('never overwriting', () => {
      it('leaves the first object alone, and names it', async () => {
        await store.put('t/b/backup.json', Buffer.from('first'));
        const again = [
          () => store.put('t/b/backup.json', Buffer.from('second')),
          () => store.create('t/b/backup.json', stream(Buffer.from('second'))),
          () => store.create('t/b/backup.json', stream(someBytes(under.manyParts))),
        ];
        for (const attempt of again) {
          const error = await expectFailure(attempt(), 'OBJECT_EXISTS');
          expect(error.message).toContain('t/b/backup.json');
          expect(error.message).toContain(store.place);
        }
        expect((await collect(store.read('t/b/backup.json'))).toString()).toBe('first');
      });

      it('lets exactly one of many writers win, and keeps its bytes alone', async () => {
        for (const length of [2000, under.manyParts]) {
          const key = `t/race-${length}`;
          const writers = [0, 1, 2, 3].map((writer) => ({
            bytes: Buffer.alloc(length, writer),
            store: under.reopen(),
          }));
          const ends = await Promise.allSettled(
            writers.map((writer) => writer.store.create(key, stream(writer.bytes))),
          );
          const winners = ends.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
          if (under.racing === undefined) expect(winners).toHaveLength(1);
          const kept = await collect(store.read(key));
          expect(winners.filter((i) => writers[i]?.bytes.equals(kept))).toHaveLength(1);
          for (const writer of writers) await writer.store.close();
        }
      });

      it('replaces a lease, which is meant to be replaced', async () => {
        await store.overwrite('t/b/leases/run.json', Buffer.from('until noon, at the latest'));
        await store.overwrite('t/b/leases/run.json', Buffer.from('until one'));
        expect((await collect(store.read('t/b/leases/run.json'))).toString()).toBe('until one');
      });
    });

    describe('a source that fails', () => {
      it('never becomes an object, whatever it had sent, and its own error comes through', async () => {
        for (const length of [0, 100, 400_000, under.manyParts / 4, under.manyParts + 1]) {
          const source = cut(someBytes(length));
          const failed = store.create('t/b/data/x.tar', source);
          await expect(failed).rejects.toThrow('the source ended too early');
        }
        await store.close();
        expect(await store.head('t/b/data/x.tar')).toBeUndefined();
        expect(await keys()).toEqual([]);
        expect(await listOf(store.openUploads(''))).toEqual([]);
      });

      it('may be followed by a good one under the same name', async () => {
        await expect(store.create('t/x', cut(someBytes(under.manyParts)))).rejects.toThrow();
        await store.create('t/x', stream(Buffer.from('good')));
        expect((await collect(store.read('t/x'))).toString()).toBe('good');
      });

      it('passes on errors of a source that look like those of a store', async () => {
        const error = Object.assign(new Error('no such file'), { code: 'ENOENT' });
        const source = (async function* (): AsyncGenerator<Uint8Array> {
          yield Buffer.from('x');
          throw error;
        })();
        await expect(store.create('t/x', source)).rejects.toBe(error);
      });
    });

    describe('an abort', () => {
      it('ends a create within a second while the source stalls, and leaves nothing', async () => {
        for (const length of [0, 1000, under.manyParts]) {
          const controller = new AbortController();
          const reason = new Error('the user cancelled');
          let silent = false;
          const source = stalled(someBytes(length), undefined, () => (silent = true));
          const creating = store.create('t/b/data/x.tar', source, controller);
          const settled = creating.catch((error: unknown) => error);
          await expect.poll(() => silent).toBe(true);
          controller.abort(reason);
          expect(await ticksUntil(settled)).toBeLessThanOrEqual(PROMISED_TICKS);
          expect(await settled).toBe(reason);
        }
        await store.close();
        expect(await keys()).toEqual([]);
        expect(await listOf(store.openUploads(''))).toEqual([]);
      });

      it('ends a create while the source flows, and ends the source', async () => {
        const controller = new AbortController();
        const source = endless(someBytes(Math.max(4096, under.manyParts / 64)));
        const creating = store.create('t/b/data/x.tar', source, controller);
        const settled = creating.catch((error: unknown) => error);
        await expect.poll(() => source.sent).toBeGreaterThan(3);
        controller.abort(new Error('enough'));
        expect(await settled).toMatchObject({ message: 'enough' });
        expect(source.ended).toBe(true);
        await store.close();
        expect(await keys()).toEqual([]);
      });

      it('that came before the call keeps every call from touching the store', async () => {
        const signal = AbortSignal.abort(new Error('too late'));
        const source = endless(Buffer.from('x'));
        await expect(store.create('t/x', source, { signal })).rejects.toThrow('too late');
        await expect(store.put('t/x', Buffer.from('x'), { signal })).rejects.toThrow('too late');
        await expect(store.head('t/x', { signal })).rejects.toThrow('too late');
        await expect(collect(store.read('t/x', { signal }))).rejects.toThrow('too late');
        await expect(listOf(store.list('', { signal }))).rejects.toThrow('too late');
        await expect(store.folders('', { signal })).rejects.toThrow('too late');
        await expect(store.remove(['t/x'], { signal })).rejects.toThrow('too late');
        expect(await keys()).toEqual([]);
      });

      it('ends a read in its middle', async () => {
        await store.put('t/x', someBytes(3_000_000));
        const controller = new AbortController();
        const reading = (async () => {
          for await (const chunk of store.read('t/x', controller)) {
            expect(chunk.byteLength).toBeGreaterThan(0);
            controller.abort(new Error('enough'));
          }
        })();
        await expect(reading).rejects.toThrow('enough');
      });
    });

    describe('reading', () => {
      it('gives exactly the range that was asked for', async () => {
        const bytes = someBytes(700_000);
        await store.put('t/x', bytes);
        const ranges = [
          [0, 1],
          [0, 700_000],
          [699_999, 700_000],
          [123_456, 654_321],
          [5, 5],
        ] as const;
        for (const [start, end] of ranges) {
          const part = await collect(store.read('t/x', { start, end }));
          expect(part.equals(bytes.subarray(start, end)), `${start}-${end}`).toBe(true);
        }
        const rest = await collect(store.read('t/x', { start: 600_000 }));
        expect(rest.equals(bytes.subarray(600_000))).toBe(true);
      });

      it('throws when an object ends before the range does', async () => {
        await store.put('t/x', someBytes(1000));
        await expectFailure(collect(store.read('t/x', { start: 0, end: 1001 })), 'STORE_ERROR');
        await expectFailure(collect(store.read('t/x', { start: 900, end: 2000 })), 'STORE_ERROR');
      });

      it('says which object is missing, and where', async () => {
        const error = await expectFailure(collect(store.read('t/none.tar')), 'OBJECT_MISSING');
        expect(error.message).toContain('t/none.tar');
        expect(error.message).toContain(store.place);
        expect(await store.head('t/none.tar')).toBeUndefined();
        await store.put('t/a/b', Buffer.from('x'));
        expect(await store.head('t/a')).toBeUndefined();
        await expectFailure(collect(store.read('t/a')), 'OBJECT_MISSING');
      });

      it('may be left in the middle', async () => {
        await store.put('t/x', someBytes(3_000_000));
        for await (const chunk of store.read('t/x')) {
          expect(chunk.byteLength).toBeGreaterThan(0);
          break;
        }
      });
    });

    describe('listing', () => {
      it('gives the keys below a prefix in the order of their bytes, with sizes and times', async () => {
        const all = ['a/b/1', 'a/b.c', 'a/b/2/x', 'a/B', 'a/b', 'a/bc/d', 'b/x'].filter(
          // A directory cannot hold both a file and a folder of one name; no two keys of a backup differ so.
          (key) => key !== 'a/b',
        );
        for (const key of all) await store.put(key, Buffer.alloc(key.length));
        const inOrder = (prefix: string) => all.filter((key) => key.startsWith(prefix)).sort();
        for (const prefix of ['', 'a', 'a/', 'a/b', 'a/b/', 'a/b/2', 'b/', 'none/']) {
          expect(await keys(prefix), prefix).toEqual(inOrder(prefix));
        }
        for (const { key, bytes, modifiedAt } of await listOf(store.list(''))) {
          expect(bytes).toBe(key.length);
          // Clocks of stores may differ from ours.
          expect(Math.abs(Number(modifiedAt) - Date.now())).toBeLessThan(3_600_000);
        }
      });

      it('knows the folders directly below a prefix', async () => {
        for (const key of ['m/1/backup.json', 'm/1/data/x', 'm/2/work/run.json', 'n/1/x', 'top']) {
          await store.put(key, Buffer.from('x'));
        }
        expect(await store.folders('')).toEqual(['m', 'n']);
        expect(await store.folders('m/')).toEqual(['1', '2']);
        expect(await store.folders('m/1/')).toEqual(['data']);
        expect(await store.folders('none/')).toEqual([]);
        await store.remove(['m/2/work/run.json']);
        expect(await store.folders('m/')).toEqual(['1']);
      });
    });

    describe('removing', () => {
      it('removes what is named and nothing else, and does not mind what is gone', async () => {
        for (const key of ['t/1/a', 't/1/b', 't/2/a']) await store.put(key, Buffer.from('x'));
        await store.remove(['t/1/a', 't/1/b', 't/9/never', 't/1']);
        expect(await keys()).toEqual(['t/2/a']);
        await store.remove(['t/1/a']);
        await store.remove([]);
        await store.put('t/1/a', Buffer.from('again'));
        expect(await keys()).toEqual(['t/1/a', 't/2/a']);
      });
    });

    describe('leftovers of dead workers', () => {
      it('are listed with their key and age while they are open, and can be removed', async () => {
        const controller = new AbortController();
        const length = under.manyParts + 1;
        const creating = store.create('t/dead/data/x.tar', stalled(someBytes(length)), controller);
        const settled = creating.catch(() => undefined);
        const other = under.reopen();
        await expect.poll(async () => listOf(other.openUploads('t/dead/'))).toHaveLength(1);
        expect(await listOf(other.openUploads('t/dead/data/x'))).toHaveLength(1);
        expect(await listOf(other.openUploads('t/other/'))).toEqual([]);
        const [upload] = await listOf(other.openUploads(''));
        expect(upload).toMatchObject({ key: 't/dead/data/x.tar' });
        expect(Math.abs(Date.now() - (upload?.startedAt.getTime() ?? 0))).toBeLessThan(60_000);
        expect(await keys()).toEqual([]);
        if (upload) await other.abortUpload(upload);
        if (upload) await other.abortUpload(upload);
        expect(await listOf(other.openUploads(''))).toEqual([]);
        controller.abort(new Error('end of the test'));
        await settled;
        await other.close();
      });
    });

    it('finds itself able, and leaves no trace of having tried', async () => {
      const findings = await store.probe();
      expect(findings.length).toBeGreaterThan(3);
      const unable = findings.filter(({ ok, level }) => !ok && level === 'required');
      expect(unable).toEqual([]);
      expect(await keys()).toEqual([]);
      expect(await listOf(store.openUploads(''))).toEqual([]);
    });
  });
}

export async function expectFailure(
  promise: Promise<unknown>,
  code: HoldfastError['code'],
): Promise<HoldfastError> {
  const error = await promise.then(
    () => new Error(`nothing was thrown, ${code} was expected`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HoldfastError)) throw error;
  expect({ code: error.code, message: error.message }).toMatchObject({ code });
  expect(error.message).toMatch(/^[A-Z].*\.$/s);
  return error;
}

async function removeAll(store: Store): Promise<void> {
  await store.remove((await listOf(store.list(''))).map(({ key }) => key));
}
