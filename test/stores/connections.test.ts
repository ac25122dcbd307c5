import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, expect, it } from 'vitest';
import { simulatedS3 } from './s3-simulator.ts';
import { collect, listOf } from './sources.ts';

let s3: Awaited<ReturnType<typeof simulatedS3>> | undefined;
let connections = 0;
const connected = () => {
  connections += 1;
};
afterEach(async () => {
  unsubscribe('undici:client:connected', connected);
  await s3?.close();
});

/** A new connection for each request costs a handshake: most of what a small object costs on a store behind TLS. */
it('requests of every kind use the same connections again, also after one was lost', async () => {
  s3 = await simulatedS3();
  const store = s3.open();
  await store.put('a/b', Buffer.alloc(100_000));
  s3.simulator.plan({ on: 'HeadObject', fault: { kind: 'lost-answer' } });
  await store.head('a/b');
  connections = 0;
  subscribe('undici:client:connected', connected);
  for (let i = 0; i < 10; i++) {
    await store.put(`a/${i}`, Buffer.from('x'));
    await store.head('a/b');
    await collect(store.read('a/b'));
    await listOf(store.list('a/'));
  }
  expect(connections).toBeLessThanOrEqual(2);
  await store.close();
});
