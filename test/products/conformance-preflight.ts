import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { ProductServer, ProductUnderTest } from './product-under-test.ts';
import { connectTo, failureOf, secretsIn } from './session.ts';

export function describePreflight(subject: ProductUnderTest): void {
  describe('preflight', () => {
    let server: ProductServer;
    beforeAll(async () => {
      server = await subject.start();
    });
    afterAll(() => server[Symbol.asyncDispose]());
    const preflight = async (
      connection: Record<string, unknown>,
      purpose: 'backup' | 'restore' = 'backup',
    ) => {
      const session = connectTo(subject, connection, { stallMs: 5000 });
      try {
        return await session.preflight(purpose);
      } finally {
        await session.close();
      }
    };

    test.each(['backup', 'restore'] as const)('tells who answers, before a %s', async (purpose) => {
      const told = await preflight(server.connection(), purpose);
      expect(told.version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(told.identity).not.toBe('');
      expect(await preflight(server.connection(), purpose)).toEqual(told);
      expect(secretsIn(server, [told])).toEqual([]);
    });

    test('knows one server from another', async () => {
      await using other = await subject.start();
      const [one, two] = [
        await preflight(server.connection()),
        await preflight(other.connection()),
      ];
      expect(one.identity).not.toBe(two.identity);
    });

    test.each(['backup', 'restore'] as const)(
      'refuses credentials that are unknown or too weak, before a %s',
      async (purpose) => {
        const strange = await failureOf(preflight(server.strangeConnection(), purpose));
        expect(strange.code).toBe('AUTH_REJECTED');
        const weak = await failureOf(preflight(await server.weakConnection(), purpose));
        expect(weak.code).toBe('PERMISSION_MISSING');
        expect(secretsIn(server, [strange, weak])).toEqual([]);
      },
    );

    test('says when nobody listens', async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      const failure = await failureOf(preflight(server.connection(url)));
      expect(failure.code).toBe('TARGET_UNREACHABLE');
      expect(failure.message).toContain(url);
    });

    test('says when there is no such host', async () => {
      const failure = await failureOf(preflight(server.connection('http://nobody.invalid:1')));
      expect(failure.code).toBe('HOST_UNKNOWN');
    });

    test('says when another program answers', async () => {
      const other = createServer((_, response) => response.end('<html>hello</html>'));
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
      const failure = await failureOf(preflight(server.connection(url)));
      other.close();
      expect(failure.code).toBe('WRONG_SERVER');
    });
  });
}
