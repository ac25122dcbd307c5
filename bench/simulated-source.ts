import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A simulated InfluxDB in a process of its own: a source that costs little and never the measured process. */
export interface SimulatedSource extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** The ids of its shards. */
  readonly shards: number[];
}

export async function startSimulatedSource(
  build: string,
  size: { shards: number; shardBytes: number },
): Promise<SimulatedSource> {
  const main = join(build, 'test/simulators/influxdb-v2/main.js');
  const child = spawn(process.execPath, [main, '--generate', `${size.shards}x${size.shardBytes}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { url, token } = JSON.parse(line.toString()) as { url: string; token: string };
  return {
    url,
    token,
    shards: Array.from({ length: size.shards }, (_, index) => index + 1),
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    },
  };
}

export function targetOf(source: SimulatedSource, more: object = {}): object {
  return {
    product: 'influxdb-v2',
    connection: { url: source.url, token: { env: 'BENCH_TOKEN' } },
    store: 'main',
    ...more,
  };
}
