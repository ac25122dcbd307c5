import { parseArgs } from 'node:util';
import { PROFILES, ROLES, type Role, type SimulatedVersion } from './profiles.ts';
import { startEnterpriseSimulator } from './simulator.ts';
import { parseSwitch, QUIET } from './switches.ts';

const HELP = `A simulated InfluxDB 3 Enterprise cluster, with the traps, the contradictions of the documents and what is
unknown as switches. It stores real objects.

  tsx test/simulators/influxdb-3-enterprise/main.ts [options]

  --port N              of the first node; default: any free port
  --version V           ${Object.keys(PROFILES).join(', ')} (default: the last)
  --nodes ROLES         such as compact,query,ingest; default: all
  --cluster-id, --token NAME
  --folder PATH         the object store of the cluster; default: a temporary folder
  --s3 ENDPOINT/BUCKET  the object store of the cluster, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
  --ballast NxBYTES     every backup holds N more files of so many bytes each
  --write FILE          line protocol for the database "telemetry"
  --switch NAME[=VALUE] NAME for always, NAME=2 for the next two times, NAME=@x,y for these, NAME=WORD where words are
                        to be chosen from; repeatable. While it runs: POST /__sim/switch ["NAME=VALUE"], /__sim/calm,
                        /__sim/restart-compactor, /__sim/restart-all, /__sim/ballast {"files":N,"fileBytes":N}
  Switches: ${Object.keys(QUIET).join(', ')}
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    version: { type: 'string', default: '3.11.2' },
    nodes: { type: 'string', default: 'all' },
    'cluster-id': { type: 'string', default: 'cluster01' },
    token: { type: 'string', default: 'operator-token' },
    folder: { type: 'string' },
    s3: { type: 'string' },
    ballast: { type: 'string' },
    write: { type: 'string' },
    switch: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else {
  if (!Object.hasOwn(PROFILES, values.version)) throw new Error(`No version ${values.version}.`);
  const simulator = await startEnterpriseSimulator({
    port: Number(values.port),
    version: values.version as SimulatedVersion,
    nodes: values.nodes.split(',').map((role) => ({ role: roleOf(role) })),
    clusterId: values['cluster-id'],
    token: values.token,
    ...storageOf(values),
    switches: Object.assign({}, ...values.switch.map(parseSwitch)) as object,
  });
  const [files = 0, fileBytes = 0] = (values.ballast ?? '0x0').split('x').map(Number);
  Object.assign(simulator.cluster.ballast, { files, fileBytes });
  if (values.write !== undefined) {
    const { readFile } = await import('node:fs/promises');
    const lines = (await readFile(values.write, 'utf8')).split('\n').filter(Boolean);
    simulator.cluster.write('telemetry', lines);
  }
  const { nodes, token, clusterId, storage, cluster } = simulator;
  const shown = nodes.map(({ url, name, role }) => ({ url, name, role }));
  const place = storage.type === 'directory' ? storage.path : storage.bucket;
  process.stdout.write(
    `${JSON.stringify({ url: simulator.url, nodes: shown, token, clusterId, clusterUuid: cluster.uuid, place })}\n`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void simulator.stop().then(() => process.exit(0)));
  }
}

function roleOf(text: string): Role {
  const role = ROLES.find((one) => one === text);
  if (role) return role;
  throw new Error(`There is no role ${text}. There are: ${ROLES.join(', ')}.`);
}

function storageOf({ folder, s3 }: { folder?: string | undefined; s3?: string | undefined }) {
  if (folder !== undefined) return { storage: { type: 'directory' as const, path: folder } };
  if (s3 === undefined) return {};
  const url = new URL(s3);
  return {
    storage: {
      type: 's3' as const,
      endpoint: url.origin,
      bucket: url.pathname.slice(1),
      accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
    },
  };
}
