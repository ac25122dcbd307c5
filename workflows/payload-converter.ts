import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/workflow';

/**
 * As the SDK's own, but nothing is unreadable. Whoever starts a run or signals it may send what no converter knows (the
 * Temporal UI offers such encodings), and an error here would fail the same workflow task for ever, so that not even a
 * cancel got through. What cannot be read arrives as a sentence, which whoever checks the input refuses.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context) => defaultPayloadConverter.toPayload(value, context),
  fromPayload<T>(payload: Parameters<PayloadConverter['fromPayload']>[0]): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch (error) {
      return `unreadable: ${error instanceof Error ? error.message : String(error)}` as T;
    }
  },
};
