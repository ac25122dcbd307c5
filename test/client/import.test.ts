import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { appendFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { importDirectory } from '../../activities/backup/import-directory.ts';
import { loadConfig, snapshotOf } from '../../activities/config/config.ts';
import { createOpener } from '../../activities/pipeline/age/opener.ts';
import { fingerprint } from '../../activities/pipeline/age/sealer.ts';
import { influxdbV2 } from '../../activities/products/influxdb-v2/index.ts';
import type { DirectorySource } from '../../activities/products/product.ts';
import { Secret } from '../../activities/secrets.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { ALWAYS } from '../simulators/s3/faults.ts';
import { simulatedS3 } from '../stores/s3-simulator.ts';
import { filesBelow } from '../support/files-below.ts';
import { startWorld, type World } from '../workflows/world.ts';
import { run } from './command.ts';

let world: World;
let directory: string;
let env: Record<string, string>;

beforeAll(async () => {
  world = await startWorld({ shards: 12 });
  // An unencrypted backup of InfluxDB is a directory as the official tool writes it.
  const report = await world.holdfast.run('backup', { target: 'metrics' });
  directory = join(world.holdfast.folder, 'official');
  await cp(join(world.store.path, 'metrics', report.backup, 'data'), directory, {
    recursive: true,
  });
  const config = join(world.holdfast.folder, 'import.yaml');
  await writeFile(config, JSON.stringify(world.config));
  env = { HOLDFAST_CONFIG: config, TEST_SPARE_TOKEN: world.spare.token };
});
afterAll(() => world?.stop());

describe('holdfast import', () => {
  it('takes an official backup in, and what it took is a backup like any other', async () => {
    const args = ['import', directory, '--target', 'spare', '--note', 'from elsewhere', '--json'];
    const { code, result, stderr } = await run(args, { env });
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ target: 'spare', store: 'disk', already: false, artifacts: 14 });

    const backup = String(result['backup']);
    const verified = await world.holdfast.run('verify', { target: 'spare', backup, depth: 'deep' });
    expect(verified).toMatchObject({ ok: true, findings: [] });
    const restored = await world.holdfast.run('restore', {
      target: 'spare',
      backup,
      select: { buckets: ['telemetry'] },
    });
    expect(restored).toMatchObject({ proof: { identical: 12, equivalent: 0 } });

    const again = await run(args, { env });
    expect(again.code).toBe(0);
    expect(again.result).toMatchObject({ backup, already: true });

    const deleting = join(world.store.path, 'spare', backup, 'deleting.json');
    await writeFile(deleting, '{}');
    const refused = await run(args, { env });
    expect(refused.code).toBe(2);
    expect(refused.result).toMatchObject({
      error: { code: 'INPUT_INVALID', hint: expect.stringContaining(`delete spare ${backup}`) },
    });
    await rm(deleting);
  });

  it('takes in what `holdfast export` writes, which is the official directory again', async () => {
    const tar = join(world.holdfast.folder, 'metrics.tar');
    const ran = await run(['export', 'metrics', '--tar', tar], { env });
    expect(ran.code, ran.stderr).toBe(0);
    const unpacked = join(world.holdfast.folder, 'unpacked');
    await mkdir(unpacked);
    await promisify(execFile)('tar', ['-xf', tar, '-C', unpacked]);
    const names = (await readdir(directory)).toSorted();
    expect((await readdir(unpacked)).toSorted()).toEqual(names);
    for (const name of names) {
      const original = await readFile(join(directory, name));
      expect((await readFile(join(unpacked, name))).equals(original), name).toBe(true);
    }
  });

  it('goes on with an import that was broken off', async () => {
    const stores = { disk: { type: 'directory', path: join(world.holdfast.folder, 'second') } };
    await cp(world.store.path, stores.disk.path, { recursive: true });
    const [id] = await readdir(join(stores.disk.path, 'spare'));
    for (const gone of ['backup.json', 'objects.ndjson.gz']) {
      await rm(join(stores.disk.path, 'spare', String(id), gone));
    }
    const config = join(world.holdfast.folder, 'second.yaml');
    await writeFile(config, JSON.stringify({ ...world.config, stores }));
    // As an import that died has left it.
    const claim = { cluster: '', namespace: '', workflowId: 'import/spare/x', runId: 'r' };
    const work = join(stores.disk.path, 'spare', String(id), 'work');
    await mkdir(work);
    await writeFile(join(work, 'run.json'), JSON.stringify(claim));
    const there = { ...env, HOLDFAST_CONFIG: config };
    const temporal = { TEMPORAL_ADDRESS: inject('temporalAddress'), TEST_SOURCE_TOKEN: 'any' };
    const doctor = await run(['doctor'], { env: { ...there, ...temporal } });
    expect(doctor.stdout).toMatch(
      /^note +leftovers spare: .* is of import\/spare\/x, which was broken off or .*\n.* import the directory again/m,
    );
    const { code, result } = await run(['import', directory, '--target', 'spare', '--json'], {
      env: there,
    });
    expect(code).toBe(0);
    expect(result).toMatchObject({ backup: id, already: false, artifacts: 14 });
  });

  it('takes over nothing that was encrypted for other recipients', async () => {
    const [old, fresh] = [await generateX25519Identity(), await generateX25519Identity()];
    // The old one is kept for older backups, so what was left can be read here.
    process.env['TEST_IDENTITIES'] = `${old}\n${fresh}`;
    const path = join(world.holdfast.folder, 'sealed');
    await mkdir(path);
    /** Imports for these, until so many artifacts are stored. */
    const importFor = async (identities: string[], most = Infinity) => {
      const recipients = await Promise.all(identities.map(identityToRecipient));
      const encryption = { recipients, identity: { env: 'TEST_IDENTITIES' } };
      const target = { ...world.config.targets['spare'], encryption };
      const config = join(world.holdfast.folder, 'sealed.yaml');
      const stores = { disk: { type: 'directory', path } };
      await writeFile(config, JSON.stringify({ stores, targets: { spare: target } }));
      const broken = new AbortController();
      let taken = 0;
      const snapshot = snapshotOf(await loadConfig({ path: config }), 'spare');
      const store = openStore(snapshot.store, createStoreResources());
      try {
        return await importDirectory({
          store,
          snapshot,
          directory: (await influxdbV2.openDirectory?.(directory)) as DirectorySource,
          spool: world.holdfast.folder,
          note: null,
          version: '0.1.0',
          signal: broken.signal,
          onBytes: () => undefined,
          onArtifact: () => void ((taken += 1) === most && broken.abort(new Error('broken off'))),
        });
      } finally {
        await store.close();
      }
    };
    const stored = async () => (await filesBelow(path)).filter((name) => name.includes('/data/'));

    await expect(importFor([old], 4)).rejects.toThrow('broken off');
    const first = await stored();
    await expect(importFor([fresh], 6)).rejects.toThrow('broken off');
    // Now there are objects for either, and no more can be told of one.
    await expect(importFor([old], 8)).rejects.toThrow('broken off');
    const { manifest } = await importFor([fresh]);
    expect(manifest.encryption?.recipients).toEqual([
      fingerprint(await identityToRecipient(fresh)),
    ]);
    expect(first.length).toBeGreaterThanOrEqual(4);
    const opener = await createOpener(new Secret(fresh));
    for (const name of await stored()) {
      const source = createReadStream(join(path, name)) as AsyncIterable<Uint8Array>;
      for await (const chunk of opener.open(source)) void chunk;
    }

    await rm(path, { recursive: true });
    await mkdir(path);
    await expect(importFor([old, fresh], 4)).rejects.toThrow('broken off');
    const kept = await stored();
    await importFor([fresh, old]);
    expect(await stored()).toEqual(expect.arrayContaining(kept));
    expect((await filesBelow(path)).filter((name) => name.includes('/work/'))).toEqual([]);
  });

  describe('into a store of S3', () => {
    let s3: Awaited<ReturnType<typeof simulatedS3>>;
    beforeAll(async () => {
      s3 = await simulatedS3();
    });
    afterAll(() => s3?.close());
    beforeEach(() => s3.simulator.reset());

    async function importIt() {
      const config = await loadConfig({ path: env['HOLDFAST_CONFIG'] });
      const store = s3.open();
      try {
        return await importDirectory({
          store,
          snapshot: { ...snapshotOf(config, 'spare'), store: s3.settings },
          directory: (await influxdbV2.openDirectory?.(directory)) as DirectorySource,
          spool: world.holdfast.folder,
          note: null,
          version: '0.1.0',
          signal: new AbortController().signal,
          onBytes: () => undefined,
          onArtifact: () => undefined,
        });
      } finally {
        await store.close();
      }
    }

    it('waits for what that does not see for a moment, though it took it', async () => {
      const unseen = { kind: 'answer', status: 404, code: 'NoSuchKey' } as const;
      const { bucket } = s3.simulator;
      bucket.unlisted = /\/data\//;
      s3.simulator.plan(
        { on: 'HeadObject', key: /\.manifest$/, times: 2, fault: unseen },
        { on: 'GetObject', key: /\/backup\.json$/, skip: 1, fault: unseen },
      );
      const { already, manifest, warnings } = await importIt();
      expect({ already, warnings }).toEqual({ already: false, warnings: manifest.warnings });
      const looks = s3.simulator.seen.filter(
        ({ operation, key }) =>
          (operation === 'HeadObject' && key.endsWith('.manifest')) ||
          (operation === 'GetObject' && key.endsWith('/backup.json')),
      );
      expect(looks).toHaveLength(6);
    });

    it('is told as done where that lets nothing go', async () => {
      const denied = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
      s3.simulator.plan({ on: ['DeleteObject', 'DeleteObjects'], times: ALWAYS, fault: denied });
      const { manifest, warnings } = await importIt();
      expect(warnings).toEqual([
        ...manifest.warnings,
        {
          code: 'FAILED_AFTER_COMMIT',
          message: expect.stringMatching(/^The backup is committed .* refused to remove/) as string,
        },
      ]);
      expect(await importIt()).toMatchObject({ already: true, manifest: { id: manifest.id } });
    });
  });

  it('refuses a damaged directory with one sentence, and leaves nothing', async () => {
    const broken = join(world.holdfast.folder, 'broken');
    await cp(directory, broken, { recursive: true });
    const [tar] = (await readdir(broken)).filter((name) => name.endsWith('.tar'));
    await appendFile(join(broken, String(tar)), 'x');
    const before = await world.files();
    const { code, result } = await run(['import', broken, '--target', 'metrics', '--json'], {
      env,
    });
    expect(code).toBe(1);
    expect(result).toMatchObject({ error: { code: 'BACKUP_DAMAGED' } });
    expect(await world.files()).toEqual(before);
  });
});
