import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { findBackup } from '../../activities/catalog/find-backup.ts';
import { snapshotOf } from '../../activities/config/config.ts';
import { exportBackup } from '../../activities/export/export-backup.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { namingOtherStores } from '../../activities/other-stores.ts';
import { EXIT } from '../exit-codes.ts';
import { LocalWork } from '../local/local-work.ts';
import { refuseExisting, writeWholeFile } from '../local/write-file.ts';
import { humanBytes, plural } from '../terminal/figures.ts';
import { warningLines, withWarnings } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

const STDOUT = '-';

export function exportVerb(program: Command): void {
  const command = program
    .command('export')
    .description("write a backup as one tar of the files that the product's own tool reads")
    .argument('<target>', 'a target of the configuration')
    .argument('[backup]', 'the id of a backup', 'latest')
    .requiredOption('--tar <file>', 'the file to write, or - for stdout')
    .option('--force', 'replace the file if it is there');
  verb<{ tar: string; force?: boolean }>(
    command,
    {
      examples: [
        'export metrics --tar metrics.tar',
        'export metrics 2026-11-20t02-00-00z-7f3a1c --tar - | tar -x -C recovery',
      ],
      notes:
        'Works in this process, and checks every hash on the way: it needs neither Temporal nor a\nworker, but the identity where the backup is encrypted. The file appears when it is whole;\na tar on stdout that ends early has no end mark, and the exit code is not 0.',
    },
    async (call, options, target = '', backup = 'latest') => {
      const { output } = call;
      const toStdout = options.tar === STDOUT;
      if (toStdout) refuseStdout(output.json);
      const path = resolve(options.tar);
      if (!toStdout && !options.force) await refuseExisting(path);
      const snapshot = snapshotOf(await call.config(), target);
      const store = await call.store(snapshot.store.name);
      const { manifest, passedOver } = await namingOtherStores(
        call.searching,
        { target, store: store.name, backup },
        () => findBackup(store, target, backup),
      );
      for (const reason of passedOver) output.remark(`passed over ${reason}`);
      using work = new LocalWork(output, {
        phase: 'exporting',
        artifacts: manifest.totals.artifacts,
        totalBytes: manifest.totals.plainBytes,
        brokenOff: 'The export was broken off; no file was left.',
        hint: 'Start it again: it begins anew.',
      });
      let bytes = 0;
      try {
        const { files, warnings } = await exportBackup(
          {
            store,
            snapshot,
            manifest,
            signal: work.signal,
            onBytes: (more) => {
              bytes += more;
              work.add(more);
            },
            onFile: () => work.finishOne(),
          },
          (tar) =>
            toStdout
              ? writeToStdout(tar, work.signal)
              : writeWholeFile(path, tar, { force: options.force === true }),
        );
        const place = toStdout ? 'stdout' : path;
        const said = `${manifest.id} is in ${place}: ${plural(files, 'file')}, ${humanBytes(bytes)}${withWarnings(warnings)}`;
        const lines = [...warningLines(warnings), said];
        if (toStdout) for (const line of lines) output.remark(line);
        else {
          const { id } = manifest;
          const result = { backup: id, target, store: store.name, tar: path, files, bytes };
          const passed = passedOver.length > 0 ? { passedOver } : {};
          output.result({ ...result, ...passed, warnings }, lines);
        }
        return EXIT.done;
      } catch (error) {
        throw work.signal.aborted ? work.signal.reason : error;
      }
    },
  );
}

function refuseStdout(json: boolean): void {
  const why = json
    ? 'stdout cannot carry both a tar and JSON'
    : process.stdout.isTTY && 'a terminal shows no tar';
  if (!why) return;
  throw new HoldfastError('INPUT_INVALID', `\`--tar -\`: ${why}.`, {
    hint: 'Name a file, or pipe it into another program without --json.',
  });
}

async function writeToStdout(tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  // Whoever reads it may go away, which ends this process at once: then it was not done.
  process.exitCode = EXIT.failed;
  for await (const chunk of tar) {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain', { signal });
  }
  await new Promise<void>((done) => process.stdout.write('', () => done()));
}
