import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TOOLS } from './table.ts';

/**
 * The SDK's own downloader can only be had by starting a server through it, so a process of its own starts one, stops
 * it, and leaves the executable. (Here it would also take this process's one Temporal runtime.)
 */
const SCRIPT = `
  const { TestWorkflowEnvironment } = require(process.argv[1]);
  const executable = { type: 'cached-download', downloadDir: process.argv[2], version: process.argv[3] };
  TestWorkflowEnvironment.createLocal({ server: { executable } })
    .then((environment) => environment.teardown())
    .catch((error) => { console.error(error.message); process.exitCode = 1; });
`;

const FIRST_BYTES_WITHIN_MS = 8_000;
const STALLED_AFTER_MS = 30_000;

/** The path of the executable inside `folder`, or undefined after a few seconds where the vendor cannot be reached. */
export async function downloadTemporal(
  folder: string,
  tell: (line: string) => void,
): Promise<string | undefined> {
  const sdk = createRequire(import.meta.url).resolve('@temporalio/testing');
  const child = spawn(process.execPath, ['-e', SCRIPT, sdk, folder, `v${TOOLS.temporal.version}`], {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });

  const startedAt = Date.now();
  let size = 0;
  let grewAt = startedAt;
  const watch = setInterval(() => {
    void largestFile(folder).then((found) => {
      const now = Date.now();
      if (found && found.bytes > size) {
        size = found.bytes;
        grewAt = now;
      }
      const patience = size === 0 ? FIRST_BYTES_WITHIN_MS : STALLED_AFTER_MS;
      if (now - grewAt > patience) child.kill('SIGKILL');
    });
  }, 500);
  await ended;
  clearInterval(watch);

  // The server that was started with it may have failed for reasons of its own: what counts is a whole download.
  const found = await largestFile(folder);
  if (found && found.executable) return found.path;
  tell(`temporal: the vendor's download cannot be reached from here`);
  return undefined;
}

async function largestFile(folder: string) {
  let largest: { path: string; bytes: number; executable: boolean } | undefined;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    const path = join(folder, entry.name);
    const found = await stat(path).catch(() => undefined);
    if (!found || (largest && largest.bytes >= found.size)) continue;
    const executable = (found.mode & 0o100) !== 0 && !entry.name.endsWith('.downloading');
    largest = { path, bytes: found.size, executable };
  }
  return largest;
}
