import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupReport } from '../../workflows/contract/operations.ts';
import { askWeaviate, countObjects } from '../support/weaviate-data.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import {
  classesOf,
  contentsOf,
  dropClasses,
  OWN_BUCKET,
  OWN_PATH,
  startWeaviateWorld,
  type WeaviateWorld,
} from './weaviate-world.ts';

let world: WeaviateWorld;
let report: BackupReport;
let before: unknown;

beforeAll(async () => {
  // The server fails inside when it is told of a node that the backup does not have.
  const nodeMapping = { node1: 'node1', old2: 'new2' };
  world = await startWeaviateWorld({ connection: { proof: 'full', nodeMapping } });
  await seedWeaviate(world.weaviate, { objects: 2_000, dimensions: 64 });
  before = await contentsOf(world.weaviate);
  report = await world.holdfast.run('backup', { target: 'articles' });
});
afterAll(() => world?.stop());

const restore = (more: object = {}) =>
  world.holdfast.run('restore', { target: 'articles', backup: report.backup, ...more });
const copied = () =>
  world.holdfast.client.workflow.getHandle(`copy/articles/${report.backup}`).result();

describe('a backup that a real Weaviate writes', () => {
  test('is committed with everything that the server wrote', async () => {
    expect(report).toMatchObject({ state: 'ok', warnings: [] });
    const written = await world.written(report.backup);
    expect(written).toContain('backup_config.json');
    expect(written).toContain('node1/Photo/chunk-1');
    expect(report.artifacts).toBe(written.length);
  });

  test('is copied to the other S3 server, and every byte of the copy is good', async () => {
    expect(await copied()).toMatchObject({ backup: report.backup, method: 'streamed' });
    const kept = await world.kept(report.backup);
    for (const file of await world.written(report.backup)) {
      expect(kept).toContain(`data/${report.backup}/${file}`);
    }
    const verified = await world.holdfast.run('verify', {
      target: 'articles',
      backup: report.backup,
      depth: 'deep',
    });
    expect(verified).toMatchObject({ ok: true, findings: [] });
  });

  test('comes back from the copy alone, object for object, with vectors, tenants and aliases', async () => {
    await copied();
    await dropClasses(world.weaviate);
    await rm(join(world.own.folder, OWN_BUCKET, OWN_PATH, report.backup), { recursive: true });
    const restored = await restore();
    expect(restored.warnings).toEqual([]);
    expect(restored.proof).toMatchObject({ identical: 4, equivalent: 0 });
    expect(restored.restored.toSorted()).toEqual([
      'alias Story',
      'class Article',
      'class Note',
      'class Photo',
    ]);
    expect(await contentsOf(world.weaviate)).toEqual(before);
    // What was put there for the server is gone.
    expect(await world.written(report.backup)).toEqual([]);
  });

  test('is not restored onto a class that is there', async () => {
    const inPlace = await world.written();
    const error = await restore({ select: { classes: ['Article'] } }).catch((e: unknown) => e);
    expect(error).toMatchObject({ cause: { type: 'DESTINATION_EXISTS' } });
    expect(await countObjects(world.weaviate, 'Article')).toBe(2_000);
    expect(await world.written()).toEqual(inPlace);
  });

  test('gives one class back and leaves the others', async () => {
    await copied();
    await askWeaviate(world.weaviate, 'DELETE', '/schema/Note');
    await restore({ select: { classes: ['Note'] } });
    expect(await classesOf(world.weaviate)).toEqual(['Article', 'Note', 'Photo']);
    expect(await contentsOf(world.weaviate)).toEqual(before);
  });

  test('replaces what is there when a person agrees to it', async () => {
    await copied();
    await askWeaviate(world.weaviate, 'PATCH', `/objects/Article/${idOfFirst(before)}`, {
      class: 'Article',
      properties: { title: 'spoilt' },
    });
    await restore({
      select: { classes: ['Article'] },
      onConflict: 'replace',
      confirm: 'articles',
    });
    expect(await contentsOf(world.weaviate)).toEqual(before);
  });
});

function idOfFirst(contents: unknown): string {
  return (contents as { articles: { id: string }[] }).articles[0]?.id ?? '';
}
