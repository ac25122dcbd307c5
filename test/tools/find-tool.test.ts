import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachePath, intoCache } from '../../infra/tools/cache.ts';
import { findTool, findToolIfAtHand } from '../../infra/tools/find-tool.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

describe('finding a tool', () => {
  let folder: TemporaryFolder;
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    folder = await temporaryFolder('tools');
    env = { PATH: join(folder.path, 'bin'), XDG_CACHE_HOME: join(folder.path, 'cache') };
  });
  afterEach(() => folder.remove());

  async function program(path: string, prints = ''): Promise<string> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `#!/bin/sh\nprintf '%s\\n' '${prints}'\n`);
    await chmod(path, 0o755);
    return path;
  }

  it('takes the executable that the variable names, whatever its version', async () => {
    const path = await program(join(folder.path, 'own', 'influxd'), 'built by myself');
    await program(join(folder.path, 'bin', 'influxd'), 'InfluxDB v2.9.1 (git: none)');
    expect(await findTool('influxd', { env: { ...env, HOLDFAST_INFLUXD: path } })).toBe(path);
  });

  it('does not pass over a variable that names nothing executable', async () => {
    const wish = { ...env, HOLDFAST_INFLUXD: join(folder.path, 'nothing') };
    await expect(findToolIfAtHand('influxd', { env: wish })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringContaining('HOLDFAST_INFLUXD names'),
    });
  });

  it.each([
    ['temporal', 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)'],
    ['temporal', 'temporal version 0.0.0-DEV (Server 1.30.0, UI 2.45.0)'],
    ['versitygw', 'Version  : v1.7.0'],
    ['influxd', 'InfluxDB v2.9.4 (git: none)'],
    ['influx', 'Influx CLI 2.8.0 (git: none)'],
  ] as const)('takes %s on PATH that says "%s"', async (name, prints) => {
    const path = await program(join(folder.path, 'bin', name), prints);
    expect(await findToolIfAtHand(name, { env })).toBe(path);
  });

  it.each([
    ['temporal', 'temporal version 1.1.0 (Server 1.25.0, UI 2.30.0)'],
    ['versitygw', 'Version  : git'],
    ['influxd', 'InfluxDB v1.12.2 (git: none)'],
    ['influxd', 'InfluxDB 3 Core 3.4.0'],
    ['influx', 'Influx CLI dev (git: none)'],
    ['weaviate-server', '1.38.11'],
  ] as const)('passes over %s on PATH that says "%s"', async (name, prints) => {
    await program(join(folder.path, 'bin', name), prints);
    expect(await findToolIfAtHand(name, { env })).toBeUndefined();
  });

  it('finds InfluxDB 1 under the name that it shares with InfluxDB 2', async () => {
    const path = join(folder.path, 'bin', 'influxd');
    await program(path, 'InfluxDB v1.6.7~rc0 (git: unknown unknown)');
    expect(await findToolIfAtHand('influxd-v1', { env })).toBe(path);
    expect(await findToolIfAtHand('influxd', { env })).toBeUndefined();
    await program(path, 'InfluxDB v2.9.1 (git: none)');
    expect(await findToolIfAtHand('influxd-v1', { env })).toBeUndefined();
  });

  it('takes an executable out of a package of the distribution, which it does not install', async () => {
    await standInForApt('InfluxDB v1.6.7~rc0 (git: unknown unknown)');
    const path = await findTool('influxd-v1', { env, onProgress: () => undefined });
    expect(path).toBe(cachePath('influxd-v1', env));
    expect(await readdir(dirname(path))).toEqual(['influxd-v1-1.6.7']);
  });

  it('refuses a package of another version', async () => {
    await standInForApt('InfluxDB v0.9.6');
    await expect(findTool('influxd-v1', { env, onProgress: () => undefined })).rejects.toThrow(
      'could not be fetched: the package influxdb of this system is not 1.6.7 or newer',
    );
  });

  /** `apt-get download` leaves a file, and `dpkg-deb -x` unpacks a program from it. */
  async function standInForApt(prints: string): Promise<void> {
    const bin = join(folder.path, 'bin');
    const packed = await program(join(folder.path, 'packed'), prints);
    for (const [name, does] of [
      ['apt-get', 'if [ "$1" = download ]; then echo package > "$2_1.6.7_amd64.deb"; fi'],
      ['dpkg-deb', `/bin/mkdir -p "$3/usr/bin"; /bin/cp ${packed} "$3/usr/bin/influxd"`],
    ] as const) {
      await program(join(bin, name));
      await writeFile(join(bin, name), `#!/bin/sh\n${does}\n`);
    }
  }

  it('takes what the cache holds', async () => {
    const path = await program(cachePath('versitygw', env));
    expect(await findToolIfAtHand('versitygw', { env })).toBe(path);
  });

  it('says in a sentence what to do when nothing helps', async () => {
    const lines: string[] = [];
    const onProgress = (line: string) => void lines.push(line);
    await expect(findTool('versitygw', { env, onProgress })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message:
        'The program versitygw (1.7.0) is not on this machine and could not be built: there is no Go (command go) to build it with.',
      hint: 'Set HOLDFAST_VERSITYGW to the path of its executable, or install versitygw so that it is on PATH.',
    });
  });

  it('neither downloads nor builds when told not to', async () => {
    await program(join(folder.path, 'bin', 'go'), 'go version');
    await expect(findTool('versitygw', { env, build: false })).rejects.toMatchObject({
      message: 'The program versitygw (1.7.0) is not on this machine.',
    });
  });

  it('builds once for two that ask at the same time, and says what it does', async () => {
    const log = join(folder.path, 'builds');
    const go = join(folder.path, 'bin', 'go');
    await program(go);
    // Stands in for the compiler: notes the call and writes its output file slowly.
    await writeFile(
      go,
      `#!/bin/sh
[ "$1" = build ] || exit 0
echo build >> ${log}
while [ "$1" != -o ]; do shift; done
/bin/sleep 1
echo whole > "$2"
`,
    );
    const lines: string[] = [];
    const find = () => findTool('versitygw', { env, onProgress: (line) => void lines.push(line) });
    const [one, two] = await Promise.all([find(), find()]);
    expect(one).toBe(cachePath('versitygw', env));
    expect(two).toBe(one);
    expect((await readdir(dirname(one))).sort()).toEqual(['versitygw-1.7.0']);
    expect(lines.join('\n')).toContain('usually 1 to 2 minutes');
    expect(lines.join('\n')).toContain('another process is fetching it');
    expect(lines.filter((line) => line.includes('building it from source'))).toHaveLength(1);
  });

  it('leaves nothing of a build that failed, and quotes its last line', async () => {
    const go = join(folder.path, 'bin', 'go');
    await program(go);
    await writeFile(
      go,
      `#!/bin/sh
[ "$1" = build ] || exit 0
while [ "$1" != -o ]; do shift; done
echo half > "$2"
echo "first line" >&2
echo "checksum mismatch" >&2
exit 1
`,
    );
    await expect(findTool('versitygw', { env, onProgress: () => undefined })).rejects.toThrow(
      'could not be built: checksum mismatch',
    );
    expect(await readdir(join(folder.path, 'cache', 'holdfast', 'tools'))).toEqual([]);
  });

  it('never shows a half-made executable under its final name', async () => {
    await expect(
      intoCache('versitygw', env, async (partial) => {
        await writeFile(join(partial, 'versitygw'), 'half');
        throw new Error('the power went');
      }),
    ).rejects.toThrow('the power went');
    expect(await findToolIfAtHand('versitygw', { env })).toBeUndefined();
  });
});
