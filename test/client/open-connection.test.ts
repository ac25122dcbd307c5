import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { expect, inject, test } from 'vitest';
import { openConnection } from '../../client/temporal/open-connection.ts';

test('a connection that is closed while a request is tried again ends the request, and not the process', async () => {
  const target = new URL(`tcp://${inject('temporalAddress')}`);
  const sockets: Socket[] = [];
  let lost = false;
  let refused = 0;
  const balancer = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
    if (lost) {
      refused++;
      socket.destroy();
      return;
    }
    const onward = connect(Number(target.port), target.hostname).on('error', () => undefined);
    sockets.push(onward);
    socket.pipe(onward).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(balancer, 'listening');
  const { port } = balancer.address() as AddressInfo;
  const connection = await openConnection({ address: `127.0.0.1:${port}` });
  lost = true;
  for (const socket of sockets) socket.destroy();
  const request = connection.workflowService.getSystemInfo({});
  const ended = expect(request).rejects.toMatchObject({ code: status.CANCELLED });
  await expect.poll(() => refused).toBeGreaterThan(0);
  await connection.close();
  await ended;
  balancer.close();
});
