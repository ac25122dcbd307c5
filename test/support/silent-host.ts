import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Listens with the shortest queue that there is, and tells its port. */
const PROGRAM = `
const server = require('node:net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));
`;
/** More than the queue takes: to the rest the kernel says nothing at all. */
const CALLERS = 8;

/** A port behind which nobody answers, not even with a refusal: as behind a filter that drops packets. */
export async function startSilentHost(): Promise<AsyncDisposable & { port: number }> {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  // It never takes a caller out of the queue.
  child.kill('SIGSTOP');
  const callers: Socket[] = [];
  for (let caller = 0; caller < CALLERS; caller += 1) {
    callers.push(connect({ port, host: '127.0.0.1' }).on('error', () => undefined));
  }
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const caller of callers) caller.destroy();
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}
