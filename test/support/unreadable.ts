import { RawValue } from '@temporalio/common';

/** A payload in an encoding that the Temporal UI offers and the SDK of the workers does not know. */
export function unreadable(): RawValue {
  return RawValue.fromPayload({
    metadata: { encoding: Buffer.from('json/protobuf') },
    data: Buffer.from('{"reason":'),
  });
}
