import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { snapshotOf } from '../../activities/config/config.ts';
import { exportBackup } from '../../activities/export/export-backup.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { LocalWork } from '../local/local-work.ts';
import { namedBackup } from '../local/named-backup.ts';
import { refuseExisting, writeWholeFile } from '../local/write-file.ts';
import { humanBytes, plural } from '../terminal/figures.ts';
import type { Output } from '../terminal/output.ts';
import { warningLines, withWarnings } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

const STDOUT = '-';

interface Options {
  tar: string;
  force?: boolean;
}

export function exportVerb(program: Command): void {
  const command = program
    .command('export')
    .description("write a backup as one tar of the files that the product's own tool reads")
    .argument('<target>', 'a target of the configuration')
    .argument('[backup]', 'the id of a backup', 'latest')
    .requiredOption('--tar <file>', 'the file to write, or - for stdout')
    .option('--force', 'replace the file if it is there');
  verb<Options>(
    command,
    {
      examples: [
        'export metrics --tar metrics.tar',
        'export metrics 2026-11-20t02-00-00z-7f3a1c --tar - | tar -x -C recovery',
      ],
      notes:
        'Works in this process, and checks every hash on the way: it needs neither Temporal nor a\nworker, but the identity where the backup is encrypted. The file appears when it is whole;\na tar on stdout that ends early has no end mark, and the exit code is not 0.',
    },
    (call, options, target = '', backup = 'latest') => exportTar(call, options, target, backup),
  );
}

async function exportTar(
  call: Invocation,
  options: Options,
  target: string,
  backup: string,
): Promise<ExitCode> {
  const { output } = call;
  const destination = await destinationOf(options, output);
  const snapshot = snapshotOf(await call.config(), target);
  const { store, manifest, passedOver } = await namedBackup(call, target, backup);
  for (const reason of passedOver) output.remark(`passed over ${reason}`);
  using work = new LocalWork(output, {
    phase: 'exporting',
    artifacts: manifest.totals.artifacts,
    totalBytes: manifest.totals.plainBytes,
    brokenOff: 'The export was broken off; no file was left.',
    hint: 'Start it again: it begins anew.',
  });
  let bytes = 0;
  const onBytes = (more: number) => {
    bytes += more;
    work.add(more);
  };
  const { signal } = work;
  try {
    const { files, warnings } = await exportBackup(
      { store, snapshot, manifest, signal, onBytes, onFile: () => work.finishOne() },
      (tar) => destination.write(tar, signal),
    );
    const { path } = destination;
    const said = `${manifest.id} is in ${path ?? 'stdout'}: ${plural(files, 'file')}, ${humanBytes(bytes)}${withWarnings(warnings)}`;
    const lines = [...warningLines(warnings), said];
    if (path === undefined) for (const line of lines) output.remark(line);
    else {
      const result = { backup: manifest.id, target, store: store.name, tar: path, files, bytes };
      const passed = passedOver.length > 0 ? { passedOver } : {};
      output.result({ ...result, ...passed, warnings }, lines);
    }
    return EXIT.done;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

interface Destination {
  /** Undefined: stdout. */
  path?: string;
  write(tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

/** @throws INPUT_INVALID, DESTINATION_EXISTS */
async function destinationOf(
  { tar: name, force = false }: Options,
  { json }: Output,
): Promise<Destination> {
  if (name === STDOUT) {
    refuseStdout(json);
    return { write: writeToStdout };
  }
  const path = resolve(name);
  if (!force) await refuseExisting(path);
  return { path, write: (tar) => writeWholeFile(path, tar, { force }) };
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
