import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../failure.ts';
import { faultOf, isNotServed } from './failure.ts';
import type { Attempt, Probe } from './probe.ts';

/** What the bucket's owner has configured. Holdfast changes none of it; it says what would be good. */
export async function probeBucket(probe: Probe, attempt: Attempt): Promise<void> {
  await attempt('lifecycle', 'advised', async () => {
    const rule = await endsUploads(probe);
    if (rule === 'present') return 'The bucket ends unfinished uploads by itself.';
    if (rule === 'unknown') return { note: NO_RULES };
    throw new HoldfastError('STORE_REFUSED', `${ADVICE} ${LIFECYCLE_RULE}`);
  });
  await attempt('versions', 'advised', async () => {
    const status = await versioning(probe);
    return status === 'Enabled' ? { note: VERSIONED } : 'What is removed is gone.';
  });
}

async function endsUploads({
  requests,
  bucket,
  signal,
}: Probe): Promise<'present' | 'missing' | 'unknown'> {
  try {
    const { Rules: rules = [] } = await requests.send({ signal, tries: 1 }, (client, bind) =>
      client.send(bind(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))),
    );
    const present = rules.some(
      (rule) => rule.Status === 'Enabled' && rule.AbortIncompleteMultipartUpload !== undefined,
    );
    return present ? 'present' : 'missing';
  } catch (error) {
    if (faultOf(error).status === 404) return 'missing';
    if (isNotServed(error)) return 'unknown';
    throw error;
  }
}

async function versioning({ requests, bucket, signal }: Probe): Promise<string | undefined> {
  try {
    const answer = await requests.send({ signal, tries: 1 }, (client, bind) =>
      client.send(bind(new GetBucketVersioningCommand({ Bucket: bucket }))),
    );
    return answer.Status;
  } catch (error) {
    // Most services that imitate S3 keep no versions and do not know the question.
    if ([400, 404, 405, 501].includes(faultOf(error).status ?? 0)) return undefined;
    throw error;
  }
}

const NO_RULES =
  'The store knows no rules that end unfinished uploads: those of runs that died stay until `holdfast doctor --remove-leftovers` ends them.';
const VERSIONED =
  'The bucket keeps versions: what is removed goes on costing until a lifecycle rule ends it.';
const ADVICE =
  'The bucket has no rule that ends unfinished uploads, which cost until they are ended; give it this one:';

/** As `aws s3api put-bucket-lifecycle-configuration` takes it. */
export const LIFECYCLE_RULE = JSON.stringify({
  Rules: [
    {
      ID: 'end-unfinished-uploads',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
  ],
});
