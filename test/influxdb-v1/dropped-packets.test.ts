import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { downloadMetadata } from '../../activities/products/influxdb-v1/snapshot-protocol.ts';

const LISTEN = `require('node:net').createServer().listen(
  { port: 0, host: '127.0.0.1', backlog: 1 },
  function () { console.log(this.address().port); },
)`;
/** More than the system takes in for a process that accepts none. */
const ENOUGH = 8;

let child: ChildProcess;
let port: number;
let waiting: Socket[];
beforeEach(async () => {
  child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  port = Number(said.toString());
  child.kill('SIGSTOP');
  waiting = Array.from({ length: ENOUGH }, () => connect({ port, host: '127.0.0.1' }));
  for (const socket of waiting) socket.on('error', () => undefined);
  await Promise.race(waiting.map((socket) => once(socket, 'connect')));
});
afterEach(() => {
  for (const socket of waiting) socket.destroy();
  child.kill('SIGKILL');
});

it('says that nothing answers where packets are dropped', async () => {
  const address = {
    host: '127.0.0.1',
    port,
    server: 'InfluxDB at http://127.0.0.1:8086',
    stallMs: 600_000,
    signal: new AbortController().signal,
    connectMs: 300,
  };
  await expect(downloadMetadata(address)).rejects.toMatchObject({
    code: 'TARGET_UNREACHABLE',
    message: `InfluxDB at http://127.0.0.1:8086: downloading metadata by 127.0.0.1:${port} failed: nothing answered, as behind a firewall.`,
  });
});
