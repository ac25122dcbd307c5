import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ACCOUNT } from './account.ts';
import type { Content } from './content.ts';
import { startAivenSimulator } from './simulator.ts';
import { parseSwitch, QUIET } from './switches.ts';

const HELP = `A simulated Aiven: its API with one InfluxDB service, and the host that serves the service's backup.

  tsx test/simulators/aiven-influxdb/main.ts [options]

  --port N, --download-port N   default: any free ports
  --project, --service, --token NAME
  --tar FILE             what backups hold (default: a small one of the repository)
  --as-it-is FILE        a tar of any size, which is served unchanged
  --directory FOLDER     what influxd backup -portable wrote
  --influxd PROGRAM --snapshot HOST:PORT
                         a running InfluxDB 1, which is backed up for each task
  --cert FILE --key FILE PEM: the download host speaks TLS; with --tls-both the API too
  --switch NAME[=VALUE]  repeatable. While it runs: POST /__sim/switch ["NAME=VALUE"], /__sim/calm [],
                         /__sim/replace ["NAME"]
  Switches: ${Object.keys(QUIET).join(', ')}
`;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    port: { ...text, default: '0' },
    'download-port': { ...text, default: '0' },
    project: { ...text, default: ACCOUNT.project },
    service: { ...text, default: ACCOUNT.service },
    token: { ...text, default: ACCOUNT.token },
    tar: text,
    'as-it-is': text,
    directory: text,
    influxd: text,
    snapshot: text,
    cert: text,
    key: text,
    'tls-both': { type: 'boolean', default: false },
    switch: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

function content(): Content {
  const { tar, directory, influxd, snapshot } = values;
  if (values['as-it-is']) return { asItIs: values['as-it-is'] };
  if (directory) return { directory };
  if (influxd && snapshot) return { influxd, snapshot };
  return tar ? { tar } : {};
}

if (values.help) process.stdout.write(HELP);
else {
  const { project, service, token, cert, key } = values;
  const simulator = await startAivenSimulator({
    port: Number(values.port),
    downloadPort: Number(values['download-port']),
    account: { project, service, token },
    content: content(),
    switches: Object.assign({}, ...values.switch.map(parseSwitch)) as object,
    ...(cert && key
      ? { tls: { cert: readFileSync(cert), key: readFileSync(key), both: values['tls-both'] } }
      : {}),
  });
  const { url, downloadUrl } = simulator;
  process.stdout.write(`${JSON.stringify({ url, downloadUrl, project, service, token })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void simulator.stop().then(() => process.exit(0)));
  }
}
