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
import { humanBytes, plural } from '../terminal/figures.ts';
import type { Output } from '../terminal/output.ts';
import { renderBar } from '../terminal/progress-bar.ts';
import { warningLines, withWarnings } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

const DRAW_EVERY_MS = 500;

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
      using progress = new ImportProgress(output, source.artifacts.length);
      try {
        const { manifest, already } = await importDirectory({
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
        const { id, totals, warnings } = manifest;
        output.result(
          { backup: id, target, store: store.name, already, ...totals, warnings },
          already
            ? [`${id} was imported before; nothing was changed`]
            : [...warningLines(warnings), summary(manifest, store.name)],
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

/** The bar of work in this process; Ctrl-C ends it, and the next import goes on. */
class ImportProgress implements Disposable {
  readonly #output: Output;
  readonly #total: number;
  readonly #startedAt = new Date();
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;
  #done = 0;
  readonly #onSignal = () => {
    this.#stop.abort(
      new HoldfastError('CANCELLED', 'The import was broken off.', {
        hint: 'Import the directory again: it goes on where it was.',
      }),
    );
  };

  constructor(output: Output, artifacts: number) {
    this.#output = output;
    this.#total = artifacts;
    this.#timer = setInterval(() => this.#draw(), DRAW_EVERY_MS);
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  finishOne(): void {
    this.#done += 1;
  }

  #draw(): void {
    const seconds = (Date.now() - this.#startedAt.getTime()) / 1000;
    const bar = renderBar(
      {
        phase: 'importing',
        bytes: this.#bytes,
        totalBytes: undefined,
        artifacts: Math.min(this.#done, this.#total),
        totalArtifacts: this.#total,
        bytesPerSecond: this.#bytes / seconds,
        startedAt: this.#startedAt,
        remark: undefined,
      },
      this.#output.width,
    );
    this.#output.live(bar);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
    this.#output.clear();
  }
}
