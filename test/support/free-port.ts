import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Those that nobody is given by the kernel: neither another test's server nor a connection can take one meanwhile. */
const LOWEST = 10_000;
const given = new Set<number>();

/**
 * A port of the loopback interface for a server that is started later, perhaps more than once. Chosen at random, so that
 * two processes hardly ever choose the same.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (highest() - LOWEST));
    if (given.has(port) || !(await isFreePort(port))) continue;
    given.add(port);
    return port;
  }
}

export async function isFreePort(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Where the ports begin that the kernel gives. */
function highest(): number {
  try {
    const first = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0];
    return Math.max(LOWEST + 5_000, Number(first));
  } catch {
    // macOS and Windows begin here; Linux says it itself.
    return 49_152;
  }
}
