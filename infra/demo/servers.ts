import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startInfluxSimulator } from '../../test/simulators/influxdb-v2/index.ts';
import type { InfluxAddress } from '../../test/support/influx.ts';
import { startInfluxd } from '../../test/support/influxd.ts';
import { startVersitygw } from '../../test/support/versitygw.ts';
import { findTool, findToolIfAtHand } from '../tools/find-tool.ts';
import type { ToolName } from '../tools/table.ts';

export interface Database extends InfluxAddress {
  bucket: string;
  /** For people. */
  what: string;
  stop(): Promise<void>;
}

export interface DemoStore {
  what: string;
  /** Where the backups lie as files. */
  folder: string;
  /** As the configuration has it. */
  settings: object;
  stop(): Promise<void>;
}

interface Wish {
  /** Insist on the real server, and fetch it when it is not here. */
  real: boolean;
  tell: (line: string) => void;
}

const SETUP = { org: 'acme', bucket: 'telemetry', token: 'the-operator-token-of-the-demo' };

export async function startDatabase(wish: Wish): Promise<Database> {
  const executable = await executableOf('influxd', wish);
  if (executable !== undefined) {
    const influxd = await startInfluxd({ ...SETUP, executable });
    const { url } = influxd;
    return { ...SETUP, url, what: 'InfluxDB 2, a real influxd', stop: () => influxd.stop() };
  }
  const simulator = await startInfluxSimulator({ setup: SETUP });
  const what = 'InfluxDB 2, simulated (--real fetches a real one)';
  return { ...SETUP, url: simulator.url, what, stop: () => simulator.stop() };
}

/** Secrets go into files beside the configuration: it holds references only. */
export async function startStore(folder: string, wish: Wish): Promise<DemoStore> {
  const executable = await executableOf('versitygw', wish);
  if (executable === undefined) {
    const path = join(folder, 'store');
    await mkdir(path);
    const what = 'a directory (--real fetches a real S3 server)';
    const settings = { type: 'directory', path };
    return { what, folder: path, settings, stop: () => Promise.resolve() };
  }
  const bucket = 'holdfast-demo';
  const s3 = join(folder, 's3');
  await mkdir(s3);
  const server = await startVersitygw({ executable, folder: s3, buckets: [bucket] });
  const files = { id: join(folder, 's3-key-id'), secret: join(folder, 's3-secret') };
  await writeFile(files.id, server.accessKeyId, { mode: 0o600 });
  await writeFile(files.secret, server.secretAccessKey, { mode: 0o600 });
  return {
    what: 'S3, a real versitygw',
    folder: join(s3, bucket),
    settings: {
      type: 's3',
      bucket,
      endpoint: server.endpoint,
      region: server.region,
      credentials: {
        accessKeyId: { file: files.id },
        secretAccessKey: { file: files.secret },
      },
    },
    stop: () => server.stop(),
  };
}

function executableOf(name: ToolName, { real, tell }: Wish): Promise<string | undefined> {
  return real ? findTool(name, { onProgress: tell }) : findToolIfAtHand(name);
}
