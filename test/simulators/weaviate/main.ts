import { parseArgs } from 'node:util';
import { PROFILES, type SimulatedVersion } from './profiles.ts';
import { CALLS } from './routes/table.ts';
import { startWeaviateSimulator } from './simulator.ts';
import { directoryStorage } from './storage/directory.ts';
import { s3Storage } from './storage/s3.ts';
import { parseSwitch, QUIET } from './switches.ts';

const HELP = `A simulated Weaviate cluster, with the traps of the real one as switches.

  tsx test/simulators/weaviate/main.ts --storage WHERE [options]

  --storage WHERE       a directory, or s3://bucket[/path] with --endpoint and AWS_ACCESS_KEY_ID,
                        AWS_SECRET_ACCESS_KEY
  --endpoint URL        of the S3
  --backend NAME        what the directory is called: filesystem (default), s3, gcs, azure
  --port N              of the first node; default: any free port
  --version V           ${Object.keys(PROFILES).join(', ')} (default: 1.38.11)
  --nodes N             default: 1
  --key KEY             demands this API key; default: everybody may come in
  --speed N             so many seconds of the server in one true second (default: 1)
  --cleanup             ENABLE_CLEANUP_UNFINISHED_BACKUPS
  --switch NAME[=VALUE] NAME for always, NAME=2 for the next two times, NAME=@a,b at these only, NAME=@a*1 once at it;
                        repeatable. While it runs: POST /__sim/switch ["NAME=VALUE"], POST /__sim/calm,
                        POST /__sim/kill and /__sim/start {"node":"node2"}, POST /__sim/restart {"downMs":1000}
  Switches: ${Object.keys(QUIET).join(', ')}
  Calls: ${CALLS.join(', ')}
`;

const { values } = parseArgs({
  options: {
    storage: { type: 'string', default: '' },
    endpoint: { type: 'string', default: '' },
    backend: { type: 'string', default: 'filesystem' },
    port: { type: 'string', default: '0' },
    version: { type: 'string', default: '1.38.11' },
    nodes: { type: 'string', default: '1' },
    key: { type: 'string' },
    speed: { type: 'string', default: '1' },
    cleanup: { type: 'boolean', default: false },
    switch: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

if (values.help || values.storage === '') process.stdout.write(HELP);
else {
  if (!Object.hasOwn(PROFILES, values.version)) throw new Error(`No version ${values.version}.`);
  const [, bucket, path] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(values.storage) ?? [];
  const storage =
    bucket === undefined
      ? directoryStorage(values.storage, values.backend)
      : s3Storage({
          endpoint: values.endpoint,
          bucket,
          path,
          accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? '',
          secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',
        });
  const simulator = await startWeaviateSimulator({
    storage,
    port: Number(values.port),
    version: values.version as SimulatedVersion,
    nodes: Array.from({ length: Number(values.nodes) }, (_, i) => `node${i + 1}`),
    speed: Number(values.speed),
    cleanupUnfinished: values.cleanup,
    ...(values.key === undefined
      ? {}
      : { accounts: [{ name: 'root', key: values.key, root: true }] }),
    switches: Object.assign({}, ...values.switch.map(parseSwitch)) as object,
  });
  process.stdout.write(`${JSON.stringify({ url: simulator.url, urls: simulator.urls })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void simulator.stop().then(() => process.exit(0)));
  }
}
