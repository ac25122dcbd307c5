import { once } from 'node:events';
import { connect, constants, createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface GrpcProxy extends AsyncDisposable {
  /** Where it answers in the place of the server. */
  readonly address: string;
}

const FORBIDDEN = { 'grpc-status': '7', 'grpc-message': 'Not for you' };

/**
 * Passes every call on but one, by its name, and refuses that: unless told otherwise because it may not be made, as a
 * gateway before Temporal does.
 * @param passes how often it is passed on before
 */
export async function startGrpcProxy(
  target: string,
  forbidden: string,
  refusal = FORBIDDEN,
  passes = 0,
): Promise<GrpcProxy> {
  const upstream = connect(`http://${target}`);
  upstream.on('error', () => undefined);
  const server = createServer();
  let calls = 0;
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (headers[':path']?.endsWith(`/${forbidden}`) && ++calls > passes) {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', ...refusal },
        { endStream: true },
      );
      return;
    }
    const passed = upstream.request(headers);
    passed.on('error', () => stream.close(constants.NGHTTP2_CANCEL));
    stream.on('close', () => passed.close(constants.NGHTTP2_CANCEL));
    let trailers: IncomingHttpHeaders = {};
    passed.on('trailers', (last: IncomingHttpHeaders) => {
      trailers = last;
    });
    passed.on('response', (answered, flags) => {
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond(answered, { endStream, waitForTrailers: !endStream });
      if (endStream) return;
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      passed.pipe(stream);
    });
    stream.pipe(passed);
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
