import { join } from 'node:path';
import { goFolder } from './go-folder.ts';
import { runCommand } from './run-command.ts';
import type { Produced } from './produced.ts';
import { TOOLS, type GoProgram, type ToolName } from './table.ts';

const TELL_EVERY_MS = 30_000;

/** Builds a pinned program by its name in `folder`. Go checks every module against the committed go.sum. */
export async function buildWithGo(
  name: ToolName,
  program: GoProgram,
  folder: string,
  env: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<Produced> {
  const label = `${name} ${TOOLS[name].version}`;
  const go = await runCommand('go', ['version'], { env });
  if (go.exitCode !== 0) return { problem: 'there is no Go (command go) to build it with' };

  tell(`${label}: building it from source with Go (usually ${program.usually} on two cores) …`);
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const ticking = setInterval(
    () => tell(`${label}: still building, ${seconds()} s`),
    TELL_EVERY_MS,
  );
  try {
    const buildEnv = { ...env, GOWORK: 'off', CGO_ENABLED: '0' };
    if (program.cgo) {
      const missing = await missingForCgo(env);
      if (missing) return { problem: missing };
      const prepared = await prepareRustLibrary(program, folder, buildEnv);
      if ('problem' in prepared) return prepared;
      Object.assign(buildEnv, prepared.env);
    }
    const path = join(folder, name);
    const built = await goBuild(program, program.package, path, buildEnv);
    if (built.exitCode !== 0) return { problem: lastLine(built.output) };
    tell(`${label}: built in ${seconds()} s`);
    return { path };
  } finally {
    clearInterval(ticking);
  }
}

function goBuild(program: GoProgram, goPackage: string, output: string, env: NodeJS.ProcessEnv) {
  const variables = Object.entries(program.variables).map(([name, value]) => `-X ${name}=${value}`);
  const linking = ['-s', '-w', ...variables].join(' ');
  const common = ['-mod=readonly', '-trimpath', '-buildvcs=false', ...program.flags];
  return runCommand('go', ['build', ...common, '-ldflags', linking, '-o', output, goPackage], {
    cwd: goFolder(program.folder),
    env,
  });
}

const NEEDED_FOR_CGO = { cargo: 'Rust', gcc: 'a C compiler', 'pkg-config': 'pkg-config' };

async function missingForCgo(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const [command, what] of Object.entries(NEEDED_FOR_CGO)) {
    const { exitCode } = await runCommand(command, ['--version'], { env });
    if (exitCode !== 0) return `its build also needs ${what} (command ${command})`;
  }
  return undefined;
}

/**
 * Part of influxd is a Rust library which cgo asks pkg-config for. The vendor's stand-in for pkg-config builds it with
 * cargo when asked, and hands every other question to the system's own.
 */
async function prepareRustLibrary(
  program: GoProgram,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<{ env: NodeJS.ProcessEnv } | { problem: string }> {
  const standIn = join(folder, 'pkg-config');
  const source = 'github.com/influxdata/pkg-config';
  const built = await goBuild({ ...program, flags: [], variables: {} }, source, standIn, env);
  if (built.exitCode !== 0) return { problem: lastLine(built.output) };
  // The library's own choice of toolchain would make rustup fetch an old one and five targets.
  return { env: { CGO_ENABLED: '1', PKG_CONFIG: standIn, RUSTUP_TOOLCHAIN: 'stable' } };
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.replace(/\.$/, '') || 'the build failed without a word';
}
