import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArtifactPlan, ProductSession } from '../../activities/products/product.ts';
import { backupRun } from './backup-run.ts';
import type { ProductServer, ProductUnderTest, Unit } from './product-under-test.ts';
import { connectTo, secretsIn } from './session.ts';

export function describeBackup(subject: ProductUnderTest): void {
  const { name } = subject.product;
  describe('a backup', () => {
    let server: ProductServer;
    let session: ProductSession;
    let units: Unit[];
    beforeAll(async () => {
      server = await subject.start();
      session = connectTo(subject, server.connection());
      units = ['one', 'two'].map((unit) => ({ group: server.group, name: unit }));
      for (const unit of units) await server.write(unit, unit.name);
    });
    afterAll(async () => {
      await session.close();
      await server[Symbol.asyncDispose]();
    });

    test('lists and streams everything, and every byte is hashed', async () => {
      await using run = await backupRun(name);
      const captured = await run.capture(session);
      const { artifacts } = captured.capture;
      expect(new Set(artifacts.map(({ path }) => path)).size).toBe(artifacts.length);
      for (const unit of units) {
        expect(artifacts.some(({ subject: of }) => of.includes(unit.name))).toBe(true);
      }
      const moved = await run.transfer(session, captured);
      expect(moved.gone).toEqual([]);
      expect(moved.lines.length).toBe(artifacts.length);
      const conclusion = await run.conclude(session, captured, moved);
      const reader = await run.commit(captured, moved, conclusion);
      let objects = 0;
      for await (const line of reader.objects()) {
        const hash = createHash('sha256');
        for await (const chunk of reader.open([line])) hash.update(chunk);
        expect(hash.digest('hex')).toBe((line.plain ?? line).sha256);
        objects += 1;
      }
      expect(objects).toBe(captured.lines.length + moved.lines.length + conclusion.files.length);
      expect(secretsIn(server, [captured, moved, conclusion, reader.manifest])).toEqual([]);
    });

    test('can be repeated at every step, as after the death of a worker', async () => {
      await using run = await backupRun(name);
      const first = await run.capture(session);
      const again = await run.capture(session);
      expect(again.capture.artifacts).toEqual(first.capture.artifacts);
      const moved = await run.transfer(session, again);
      expect(await run.transfer(session, again)).toEqual(moved);
      const conclusion = await run.conclude(session, again, moved);
      expect(await run.conclude(session, again, moved)).toEqual(conclusion);
    });

    test('reads the same bytes for what has not changed', async () => {
      await using run = await backupRun(name);
      const { capture } = await run.capture(session);
      const [artifact] = capture.artifacts;
      expect(await hashOf(session, artifact)).toBe(await hashOf(session, artifact));
    });

    test('goes on when something vanishes between list and transfer, and says so', async () => {
      const passing = { group: server.group, name: 'passing' };
      await server.write(passing, 'passing');
      await using run = await backupRun(name);
      const captured = await run.capture(session);
      await server.remove(passing);
      const moved = await run.transfer(session, captured);
      expect(moved.gone.length).toBeGreaterThan(0);
      expect(moved.gone.every((what) => what.includes('passing'))).toBe(true);
      const conclusion = await run.conclude(session, captured, moved);
      expect(conclusion.warnings.length).toBeGreaterThan(0);
      await run.commit(captured, moved, conclusion);
    });

    test('of a server without data is a backup too', async () => {
      await using empty = await subject.start();
      await using run = await backupRun(name);
      const connected = connectTo(subject, empty.connection());
      const reader = await run.take(connected);
      await connected.close();
      expect(reader.manifest.objects.bytes).toBeGreaterThan(0);
    });
  });
}

async function hashOf(
  session: ProductSession,
  artifact: ArtifactPlan | undefined,
): Promise<string> {
  if (!artifact) throw new Error('The plan is empty.');
  const opened = await session.backup.open(artifact);
  if (opened === 'gone') throw new Error(`${artifact.subject} is gone.`);
  const hash = createHash('sha256');
  for await (const chunk of opened.body) hash.update(chunk);
  return hash.digest('hex');
}
