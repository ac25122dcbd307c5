import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  type LifecycleRule,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../failure.ts';
import { faultOf, isNotServed } from './failure.ts';
import { harmsOf } from './harmful-rules.ts';
import type { Attempt, Probe } from './probe-attempt.ts';

/** What the bucket's owner has configured. Holdfast changes none of it; it says what would be good. */
export async function probeBucket(probe: Probe, attempt: Attempt): Promise<void> {
  let rules: LifecycleRule[] | undefined;
  await attempt('lifecycle', 'advised', async () => {
    rules = await lifecycleRules(probe);
    if (!rules) return { note: NO_RULES };
    if (rules.some((rule) => rule.AbortIncompleteMultipartUpload)) {
      return 'The bucket ends unfinished uploads by itself.';
    }
    throw new HoldfastError('STORE_REFUSED', `${ADVICE} ${LIFECYCLE_RULE}`);
  });
  const harms = rules?.flatMap((rule) => harmsOf(rule, probe.prefix));
  if (harms) {
    await attempt('permanence', 'advised', async () => {
      if (harms.length === 0) return 'No rule of the bucket removes or archives what lies here.';
      throw new HoldfastError('STORE_REFUSED', `${harms.join(' ')} ${KEEP}`);
    });
  }
  await attempt('versions', 'advised', async () => {
    const status = await versioning(probe);
    return status === 'Enabled' ? { note: VERSIONED } : 'What is removed is gone.';
  });
}

/** Those that are in force; undefined where the service has none of the kind. */
async function lifecycleRules({
  requests,
  bucket,
  signal,
}: Probe): Promise<LifecycleRule[] | undefined> {
  try {
    const { Rules: rules = [] } = await requests.send({ signal, tries: 1 }, (client, bind) =>
      client.send(bind(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))),
    );
    return rules.filter(({ Status }) => Status === 'Enabled');
  } catch (error) {
    if (faultOf(error).status === 404) return [];
    if (isNotServed(error)) return undefined;
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
const KEEP =
  'A backup is lost with any of its objects, and a newer one may rest on them: keep such rules from this prefix, and remove backups with `holdfast delete`.';
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
