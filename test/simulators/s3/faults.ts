/** The operations of S3 that the simulator knows, by AWS's own names. */
export type Operation =
  | 'AbortMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'CopyObject'
  | 'CreateMultipartUpload'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'GetBucketLifecycleConfiguration'
  | 'GetBucketVersioning'
  | 'GetObject'
  | 'HeadBucket'
  | 'HeadObject'
  | 'ListMultipartUploads'
  | 'ListObjectsV2'
  | 'ListParts'
  | 'PutObject'
  | 'Unknown'
  | 'UploadPart'
  | 'UploadPartCopy';

/** One way to misbehave. "Executed" says whether the request takes effect all the same. */
export type Fault =
  /** An error answer; not executed. */
  | {
      kind: 'answer';
      status: number;
      code: string;
      message?: string;
      headers?: Record<string, string>;
    }
  /** An error in the body of a 200, which only Complete and copies may do. */
  | { kind: 'error-in-200'; code: string; executed: boolean }
  /** Waits, then does what it should. */
  | { kind: 'slow'; ms: number }
  /** Waits for the test's word, then does what it should. */
  | { kind: 'hold'; until: Promise<unknown> }
  /** Takes the request, and never answers. */
  | { kind: 'stall'; executed: boolean }
  /** Executed, but the connection is cut instead of an answer. */
  | { kind: 'lost-answer' }
  /** Cuts the connection after so many bytes of the request's body. */
  | { kind: 'reset-upload'; afterBytes: number }
  /** Turns over one bit of the request's body, which signed bodies and checksums show. */
  | { kind: 'garbled-upload' }
  /** Stops reading the request's body. */
  | { kind: 'stall-upload' }
  /** Cuts the connection after so many bytes of the answer's body, or stands still there. */
  | { kind: 'reset-download' | 'stall-download'; afterBytes: number }
  /** Ends a download early, in good order: with a Content-Length that is too small. */
  | { kind: 'short'; missing: number }
  /** Sends a range that begins elsewhere. */
  | { kind: 'wrong-range'; shift: number }
  /** Sends the whole object in answer to a range. */
  | { kind: 'ignored-range' }
  /** 501, or another status, when the request has this header. */
  | { kind: 'refused-header'; header: string; status?: number }
  /** Takes no notice of this header. */
  | { kind: 'ignored-header'; header: string }
  /** Does nothing, and says that all went well. */
  | { kind: 'pretends'; status: number }
  /** Stores a body with the framing around it that the SDK would send it in if it were let. */
  | { kind: 'stored-framed' }
  /** Completes the upload without its last part. */
  | { kind: 'lost-part' };

/** Which requests are hit: the first `times` (default 1) that match after `skip` (default 0) did. */
export interface FaultRule {
  on: Operation | Operation[];
  key?: RegExp;
  skip?: number;
  times?: number;
  fault: Fault;
}

/** The faults of one simulator, in the order in which they were planned; of several that match, the first hits. */
export class FaultPlan {
  #rules: (FaultRule & { seen: number })[] = [];

  plan(...rules: FaultRule[]): void {
    this.#rules.push(...rules.map((rule) => ({ ...rule, seen: 0 })));
  }

  clear(): void {
    this.#rules = [];
  }

  next(
    operation: Operation,
    key: string,
    headers: NodeJS.Dict<string | string[]>,
  ): Fault | undefined {
    for (const rule of this.#rules) {
      if (![rule.on].flat().includes(operation)) continue;
      if (rule.key && !rule.key.test(key)) continue;
      if (rule.fault.kind === 'refused-header' && !(rule.fault.header in headers)) continue;
      rule.seen += 1;
      const first = (rule.skip ?? 0) + 1;
      if (rule.seen >= first && rule.seen < first + (rule.times ?? 1)) return rule.fault;
    }
    return undefined;
  }
}

/** A fault that holds requests until they are released. */
export function holding(): { fault: Fault; release: () => void } {
  let release = () => {};
  const until = new Promise<void>((resolve) => (release = resolve));
  return { fault: { kind: 'hold', until }, release };
}

export const ALWAYS = Number.MAX_SAFE_INTEGER;
