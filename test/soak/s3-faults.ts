import type { FaultRule, Operation } from '../simulators/s3/faults.ts';
import type { S3Simulator } from '../simulators/s3/server.ts';
import type { Random } from './prng.ts';
import type { Fault } from './world.ts';

const WRITES: Operation[] = ['PutObject', 'UploadPart'];
const READS: Operation[] = ['GetObject', 'HeadObject', 'ListObjectsV2'];
const ANY: Operation[] = [
  ...WRITES,
  ...READS,
  'CreateMultipartUpload',
  'CompleteMultipartUpload',
  'DeleteObjects',
  'ListMultipartUploads',
  'AbortMultipartUpload',
];

const DENIED = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;

/** A run may end on account of one. */
const ENDING: Record<string, Pick<FaultRule, 'on' | 'fault'>> = {
  'denied to write': { on: WRITES, fault: DENIED },
  'denied to read': { on: READS, fault: DENIED },
  'denied to delete': { on: ['DeleteObject', 'DeleteObjects'], fault: DENIED },
  full: { on: WRITES, fault: { kind: 'answer', status: 507, code: 'InsufficientStorage' } },
};

const PASSING: Record<string, Pick<FaultRule, 'on' | 'fault'>> = {
  overloaded: { on: ANY, fault: { kind: 'answer', status: 503, code: 'SlowDown' } },
  broken: { on: ANY, fault: { kind: 'answer', status: 500, code: 'InternalError' } },
  conflict: {
    on: ['PutObject', 'CompleteMultipartUpload'],
    fault: { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' },
  },
  'put lost': { on: 'PutObject', fault: { kind: 'lost-answer' } },
  'complete lost': { on: 'CompleteMultipartUpload', fault: { kind: 'lost-answer' } },
  'delete lost': { on: 'DeleteObjects', fault: { kind: 'lost-answer' } },
  'upload reset': { on: WRITES, fault: { kind: 'reset-upload', afterBytes: 700 } },
  'upload garbled': { on: WRITES, fault: { kind: 'garbled-upload' } },
  'download reset': { on: 'GetObject', fault: { kind: 'reset-download', afterBytes: 300 } },
  'download short': { on: 'GetObject', fault: { kind: 'short', missing: 5 } },
  'false error in 200': {
    on: 'CompleteMultipartUpload',
    fault: { kind: 'error-in-200', code: 'InternalError', executed: true },
  },
  'error in 200': {
    on: 'CompleteMultipartUpload',
    fault: { kind: 'error-in-200', code: 'InternalError', executed: false },
  },
  slow: { on: ANY, fault: { kind: 'slow', ms: 400 } },
  'stalls before': { on: ANY, fault: { kind: 'stall', executed: false } },
  'stalls after': { on: ANY, fault: { kind: 'stall', executed: true } },
};

export function drawS3Fault(random: Random, s3: S3Simulator): Fault {
  const ends = random.chance(0.2);
  const faults = ends ? ENDING : PASSING;
  const name = random.of(Object.keys(faults));
  const rule = faults[name] ?? { on: [], fault: { kind: 'lost-answer' } };
  const skip = random.of([0, 0, random.between(0, 40)]);
  // A stall holds a request for as long as a store may be silent.
  const times = name.startsWith('stalls') ? random.between(1, 2) : random.between(1, 8);
  return {
    name: `S3: ${name}, ${times} times after ${skip}`,
    begin: () => s3.plan({ ...rule, skip, times }),
    ends,
  };
}
