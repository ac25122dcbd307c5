import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { delegatedStage, failureOf, type DelegatedStage } from './delegated-stage.ts';
import type { DelegatedUnderTest } from './delegated-under-test.ts';

export function describeDelegatedPreflight(subject: DelegatedUnderTest): void {
  describe('preflight', () => {
    let stage: DelegatedStage;
    beforeAll(async () => {
      stage = await delegatedStage(subject);
      await stage.world.seed('Alpha', 'alpha');
    });
    afterAll(() => stage[Symbol.asyncDispose]());
    const preflight = (
      connection: Record<string, unknown>,
      purpose: 'backup' | 'restore' = 'backup',
    ) => stage.connect({ connection, stallMs: 5000 }).preflight(purpose);

    test.each(['backup', 'restore'] as const)('tells who answers, before a %s', async (purpose) => {
      const told = await preflight(stage.world.connection(), purpose);
      expect(told.version).toMatch(/^\d+\.\d+\.\d+/);
      expect(told.identity).not.toBe('');
      expect(await preflight(stage.world.connection(), purpose)).toEqual(told);
      expect(stage.secretsIn([told])).toEqual([]);
    });

    test('changes nothing at the server or in its storage', async () => {
      const look = async () => [await stage.contents(), await stage.objects('')];
      const before = await look();
      await preflight(stage.world.connection());
      await preflight(stage.world.connection(), 'restore');
      expect(await look()).toEqual(before);
    });

    test('knows one server from another', async ({ skip }) => {
      if (subject.identity !== true) skip(subject.identity);
      await using other = await delegatedStage(subject);
      await other.world.seed('Alpha', 'alpha');
      const there = await other.session.preflight('backup');
      const here = await preflight(stage.world.connection());
      expect(there.identity).not.toBe(here.identity);
    });

    test.each(['backup', 'restore'] as const)(
      'refuses credentials that are unknown or too weak, before a %s',
      async (purpose) => {
        const strange = await failureOf(preflight(stage.world.strangeConnection(), purpose));
        expect(strange.code).toBe('AUTH_REJECTED');
        const weak = await failureOf(preflight(await stage.world.weakConnection(), purpose));
        expect(weak.code).toBe('PERMISSION_MISSING');
        expect(stage.secretsIn([strange, weak])).toEqual([]);
      },
    );

    test('says when nobody listens', async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      const failure = await failureOf(preflight(stage.world.connection(url)));
      expect(failure.code).toBe('TARGET_UNREACHABLE');
      expect(failure.message).toContain(url);
    });

    test('says when there is no such host', async () => {
      const connection = stage.world.connection('http://nobody.invalid:1');
      expect((await failureOf(preflight(connection))).code).toBe('HOST_UNKNOWN');
    });

    test('says when another program answers', async () => {
      const other = createServer((_, response) => response.end('<html>hello</html>'));
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
      const failure = await failureOf(preflight(stage.world.connection(url)));
      other.close();
      expect(failure.code).toBe('WRONG_SERVER');
    });
  });
}
