import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { importDirectory } from '../../activities/backup/import-directory.ts';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import { snapshotOf } from '../../activities/config/config.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { findProduct } from '../../activities/products/registry.ts';
import { holdfastVersion } from '../../worker/version.ts';
import { LocalWork } from '../local/local-work.ts';
import { humanBytes, plural } from '../terminal/figures.ts';
import { warningLines, withWarnings } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

export function importVerb(program: Command): void {
  const command = program
    .command('import')
    .description("take a backup of the product's own tool into the store of a target")
    .argument('<directory>', 'what `influx backup` wrote')
    .requiredOption('--target <target>', 'a target of the configuration')
    .option('--note <text>', 'kept with the backup');
  verb<{ target: string; note?: string }>(
    command,
    {
      examples: ['import ./influx-backup --target metrics'],
      notes:
        'Works in this process: it needs neither Temporal nor a worker. Importing the same directory\nagain changes nothing; one that was broken off goes on where it was.',
    },
    async (call, { target, note }, directory = '') => {
      const { output } = call;
      const snapshot = snapshotOf(await call.config(), target);
      const product = findProduct(snapshot.product);
      if (product.kind !== 'streamed' || !product.openDirectory) {
        throw new HoldfastError(
          'INPUT_INVALID',
          `Backups of ${product.name} by its own tool cannot be imported.`,
        );
      }
      const source = await product.openDirectory(resolve(directory));
      const store = await call.store(snapshot.store.name);
      const spool = await mkdtemp(join(tmpdir(), 'holdfast-import-'));
      using progress = new LocalWork(output, {
        phase: 'importing',
        artifacts: source.artifacts.length,
        brokenOff: 'The import was broken off.',
        hint: 'Import the directory again: it goes on where it was.',
      });
      try {
        const { manifest, already, warnings } = await importDirectory({
          store,
          snapshot,
          directory: source,
          spool,
          note: note ?? `imported from ${basename(resolve(directory))}`,
          version: holdfastVersion(),
          signal: progress.signal,
          onBytes: (bytes) => progress.add(bytes),
          onArtifact: () => progress.finishOne(),
        });
        const { id, totals } = manifest;
        output.result(
          { backup: id, target, store: store.name, already, ...totals, warnings },
          already
            ? [`${id} was imported before; nothing was changed`]
            : [...warningLines(warnings), summary({ ...manifest, warnings }, store.name)],
        );
      } catch (error) {
        throw progress.signal.aborted ? progress.signal.reason : error;
      } finally {
        await rm(spool, { recursive: true, force: true });
      }
    },
  );
}

function summary({ id, totals, warnings }: Manifest, store: string): string {
  const { artifacts, plainBytes } = totals;
  return `${id} is in ${store}: ${plural(artifacts, 'artifact')}, ${humanBytes(plainBytes)}${withWarnings(warnings)}`;
}
