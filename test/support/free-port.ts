import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * A port of the loopback interface for a server that is started at once. A connection that this side closed first keeps
 * the kernel from giving the same port to another test for a minute, while a server may still bind it.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(port, '127.0.0.1').resume();
  const [socket] = await accepted;
  socket.end();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
  return port;
}
