import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { connectTo, type TemporalSession } from '../../client/temporal/connect.ts';
import { freshNamespace } from '../support/namespace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export interface Unattended extends AsyncDisposable {
  /** Of the configuration, and its store. */
  readonly path: string;
  readonly session: TemporalSession;
  readonly env: Record<string, string>;
}

/** The target `metrics`, at whose address nobody answers, and a Temporal namespace that no worker polls. */
export async function unattended(
  purpose: string,
  options: { searchAttributes?: boolean } = {},
): Promise<Unattended> {
  const folder = await temporaryFolder(purpose);
  const { path } = folder;
  const config = join(path, 'holdfast.yaml');
  await writeFile(
    config,
    'stores: { disk: { type: directory, path: . } }\n' +
      'targets: { metrics: { product: influxdb-v2, connection: { url: "http://127.0.0.1:1", token: { env: T } }, store: disk } }\n',
  );
  const address = inject('temporalAddress');
  const namespace = await freshNamespace(address, options);
  const session = await connectTo({ connectionOptions: { address }, namespace });
  return {
    path,
    session,
    env: { HOLDFAST_CONFIG: config, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
    [Symbol.asyncDispose]: async () => {
      await session.connection.close();
      await folder.remove();
    },
  };
}
