import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ACCOUNT } from '../test/simulators/aiven-influxdb/account.ts';

/** A simulated Aiven in a process of its own, whose backups are one tar that lies here. */
export interface SimulatedAiven extends AsyncDisposable {
  readonly token: string;
  /** A target of the configuration; its token is in BENCH_TOKEN. */
  readonly target: object;
  /** Puts the tar into the slot of the service, and tells where anybody can download it. */
  offer(): Promise<{ url: string; login: string }>;
}

export async function startSimulatedAiven(build: string, tar: string): Promise<SimulatedAiven> {
  const main = join(build, 'test/simulators/aiven-influxdb/main.js');
  const args = [main, '--as-it-is', tar, '--switch', 'pendingPolls=0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { url, downloadUrl, project, service, token } = JSON.parse(line.toString()) as Record<
    string,
    string
  >;
  return {
    token: token ?? '',
    target: {
      product: 'aiven-influxdb',
      connection: { project, service, token: { env: 'BENCH_TOKEN' }, apiUrl: url },
      store: 'main',
    },
    async offer() {
      await fetch(`${url}/__sim/replace`, { method: 'POST', body: '["official"]' });
      return {
        url: `${downloadUrl}/backups/official.tar`,
        login: `${ACCOUNT.username}:${ACCOUNT.password}`,
      };
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    },
  };
}
