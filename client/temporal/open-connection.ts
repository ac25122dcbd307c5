import { InterceptingCall, status, type Interceptor } from '@grpc/grpc-js';
import {
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from '@temporalio/client';

/**
 * A connection whose requests are tried again as the SDK does by default, and no longer than it is open: the SDK begins
 * each further try in a timer, where the refusal of a closed channel would reach nobody and end the process.
 * @throws as `Connection.connect`
 */
export function openConnection(options: ConnectionOptions): Promise<Connection> {
  return Connection.connect({ ...options, interceptors: [retry, endedWhenClosed] });
}

const retry = makeGrpcRetryInterceptor(defaultGrpcRetryOptions());

const endedWhenClosed: Interceptor = (options, nextCall) => {
  try {
    return new InterceptingCall(nextCall(options));
  } catch (error) {
    return new InterceptingCall(endedCall(error instanceof Error ? error.message : String(error)));
  }
};

type Call = ConstructorParameters<typeof InterceptingCall>[0];

/** A request that ends as soon as it is sent. */
function endedCall(details: string): Call {
  const nothing = () => undefined;
  return {
    start(metadata, listener) {
      listener?.onReceiveMessage?.(null);
      listener?.onReceiveStatus?.({ code: status.CANCELLED, details, metadata });
    },
    sendMessage: nothing,
    sendMessageWithContext: nothing,
    startRead: nothing,
    halfClose: nothing,
    cancelWithStatus: nothing,
    getPeer: () => '',
    getAuthContext: () => null,
  };
}
