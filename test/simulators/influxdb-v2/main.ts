import { parseArgs } from 'node:util';
import { PROFILES, type SimulatedVersion } from './profiles.ts';
import { startInfluxSimulator } from './simulator.ts';
import { parseSwitch, QUIET } from './switches.ts';

const HELP = `A simulated InfluxDB v2 server, with the traps of the real one as switches.

  tsx test/simulators/influxdb-v2/main.ts [options]

  --port N              default: any free port
  --version V           ${Object.keys(PROFILES).join(', ')} (default: the last)
  --org, --bucket, --token NAME
  --org-token           make a token of one organisation too, and print it
  --generate NxBYTES    adds N shards of so many bytes each
  --switch NAME[=VALUE] NAME for always, NAME=2 for the next two times, NAME=@3,4 for shards 3 and 4;
                        repeatable. While it runs: POST /__sim/switch ["NAME=VALUE"], POST /__sim/calm
  Switches: ${Object.keys(QUIET).join(', ')}
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    version: { type: 'string', default: '2.9.1' },
    org: { type: 'string', default: 'acme' },
    bucket: { type: 'string', default: 'telemetry' },
    token: { type: 'string', default: 'operator-token' },
    generate: { type: 'string', multiple: true, default: [] },
    switch: { type: 'string', multiple: true, default: [] },
    'org-token': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else {
  if (!Object.hasOwn(PROFILES, values.version)) throw new Error(`No version ${values.version}.`);
  const simulator = await startInfluxSimulator({
    port: Number(values.port),
    version: values.version as SimulatedVersion,
    setup: { org: values.org, bucket: values.bucket, token: values.token },
    switches: Object.assign({}, ...values.switch.map(parseSwitch)) as object,
    generate: values.generate.map((text) => {
      const [shards = 0, shardBytes = 0] = text.split('x').map(Number);
      return { shards, shardBytes };
    }),
  });
  const { url, token, org, bucket } = simulator;
  const orgToken = values['org-token'] ? simulator.orgToken : undefined;
  process.stdout.write(`${JSON.stringify({ url, token, orgToken, org, bucket })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void simulator.stop().then(() => process.exit(0)));
  }
}
