import { parseArgs } from 'node:util';
import { startS3Simulator } from './server.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, bucket: { type: 'string' } },
});
const simulator = await startS3Simulator({ port: Number(values.port), bucket: values.bucket });
process.stdout.write(`S3 simulator at ${simulator.url}, bucket ${simulator.bucketName}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.close());
}
