import { z } from 'zod';
import { TARGET_NAME, TASK_QUEUE } from '../../workflows/contract/names.ts';
import { cronProblem } from './cron.ts';
import { DURATION, parseDuration } from './duration.ts';
import { didYouMean } from './nearest.ts';
import { secretReference } from './secret-reference.ts';
import { parseSize, SIZE } from './size.ts';

/** The grammar of `holdfast.yaml` (docs/formats.md). Messages complete the sentence that problems.ts begins. */

const name = z
  .string()
  .regex(
    TARGET_NAME,
    'expected a name of lower-case letters, digits and hyphens, at most 63, not beginning with a hyphen',
  );
const aDuration = 'expected a duration such as 90s, 10m, 2h or 7d';
const duration = z.string(aDuration).regex(DURATION, aDuration).transform(parseDuration);
const aSize = 'expected a size such as 200MiB or 1.5GB';
const size = z
  .string(aSize)
  .regex(SIZE, aSize)
  .transform(parseSize)
  .refine((bytes) => bytes > 0, 'expected a size above zero');
/** S3 takes no smaller part, but for the last one. */
const LEAST_PART = 5 * 1024 ** 2;
const count = (most: number) => z.int().min(1).max(most);

const temporal = z.strictObject({
  address: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):\d{1,5}$/, 'expected host:port')
    .optional(),
  namespace: z.string().min(1).optional(),
  profile: z.string().min(1).optional().describe('A profile of temporal.toml'),
  apiKey: secretReference.optional(),
  tls: z
    .union([
      z.boolean(),
      z.strictObject({
        serverName: z.string().optional(),
        ca: secretReference.optional(),
        certificate: secretReference.optional(),
        key: secretReference.optional(),
      }),
    ])
    .optional(),
});

const s3Store = z.strictObject({
  type: z.literal('s3'),
  bucket: z.string().regex(/^[^/\s]+$/, 'expected the name of a bucket, without slashes'),
  prefix: z
    .string()
    .refine(isPrefix, 'expected a prefix such as team/holdfast, without empty or dotted segments')
    .transform((prefix) => prefix.replace(/\/$/, ''))
    .optional(),
  region: z.string().min(1).optional(),
  endpoint: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .optional()
    .describe('For S3-compatible services'),
  forcePathStyle: z.boolean().optional(),
  credentials: z
    .strictObject({
      accessKeyId: secretReference,
      secretAccessKey: secretReference,
      sessionToken: secretReference.optional(),
    })
    .optional()
    .describe("Without it: the SDK's own chain of credentials"),
  partSize: size
    .refine((bytes) => bytes >= LEAST_PART, 'expected at least 5MiB, the least that S3 takes')
    .optional()
    .describe(
      'Of every part of an upload but the last. Without it: 16 MiB with an endpoint, more only for an object that would not fit into `maxParts`; without an endpoint 600 parts of 16 MiB, then 64 MiB',
    ),
  maxParts: count(10_000)
    .optional()
    .describe('Of one upload. Without it: 1000 with an endpoint, 10000 without'),
  maxObjectSize: size
    .optional()
    .describe('Without it: what the parts hold. Longer artifacts are split'),
});

const directoryStore = z.strictObject({
  type: z.literal('directory'),
  path: z.string().min(1).describe('Relative to this file'),
  shared: z.boolean().optional().describe('Every host that uses it sees the same directory'),
  maxObjectSize: size.optional(),
});

export const storeSchema = z.discriminatedUnion('type', [s3Store, directoryStore]);

export const OVERLAPS = [
  'skip',
  'bufferOne',
  'bufferAll',
  'cancelOther',
  'terminateOther',
  'allowAll',
] as const;

const schedule = z.strictObject({
  cron: z.string().superRefine((text, context) => {
    const problem = cronProblem(text);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  }),
  timeZone: z
    .string()
    .superRefine((zone, context) => {
      const message = timeZoneProblem(zone);
      if (message) context.addIssue({ code: 'custom', message });
    })
    .default('UTC'),
  jitter: duration.prefault('0s').describe('A random delay of at most so long'),
  overlap: z.enum(OVERLAPS).default('skip').describe('When the run before still runs'),
  catchUp: duration
    .refine((ms) => ms >= 10_000, 'expected at least 10s')
    .prefault('2h')
    .describe('How late a missed run is still started'),
  pauseOnFailure: z.boolean().default(false),
});

const keep = count(100_000).optional();

/** How a run can end. */
const ENDINGS = ['succeeded', 'warned', 'failed', 'cancelled', 'skipped'] as const;

/** What formats.md promises and this version does not act on: accepted, and named in a warning. */
export const DORMANT = ['copies', 'retention', 'drill', 'verify'] as const;

const target = z.strictObject({
  product: z.string(),
  connection: z.record(z.string(), z.unknown()),
  store: z.string(),
  copies: z.array(z.string()).optional(),
  schedule: schedule.optional(),
  retention: z
    .strictObject({
      keepLast: keep,
      keepHourly: keep,
      keepDaily: keep,
      keepWeekly: keep,
      keepMonthly: keep,
      keepYearly: keep,
    })
    .optional(),
  verify: z.unknown().optional(),
  drill: z.unknown().optional(),
  notify: z
    .array(
      z.strictObject({
        webhook: secretReference.describe('Where the URL is that is posted to'),
        on: z
          .array(z.enum(ENDINGS))
          .min(1, 'expected at least one outcome')
          .default(['warned', 'failed', 'skipped'])
          .describe('The outcomes that are told'),
      }),
    )
    .optional()
    .describe('Whom to tell how a run ended'),
  encryption: z
    .strictObject({
      recipients: z
        .array(z.string().regex(/^age1[0-9a-z]{20,}$/, 'expected an age recipient (age1…)'))
        .min(1, 'expected at least one recipient'),
      identity: secretReference
        .optional()
        .describe('On every worker that restores or verifies deeply; backups need none'),
    })
    .optional(),
  limits: z
    .strictObject({
      concurrency: count(64)
        .default(4)
        .describe(
          'Streams of a run at a time; a copy has up to four times as many small objects under way',
        ),
      bytesPerSecond: size
        .optional()
        .describe(
          'Of all streams of one worker together, of a backup, a copy, or a restore into it: with several workers it may be a multiple',
        ),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      heartbeat: positive(duration).prefault('30s'),
      lockWait: duration.prefault('10m'),
      stall: positive(duration).prefault('5m'),
      retryPause: positive(duration).prefault('5m'),
      attempts: count(100_000).default(150),
      job: positive(duration)
        .prefault('24h')
        .describe("How long a product's own job may run before it counts as stuck"),
      copy: positive(duration)
        .prefault('24h')
        .describe('How long the copy of a delegated backup may take before it counts as overdue'),
    })
    .prefault({}),
  taskQueue: z.string().min(1).default(TASK_QUEUE),
  cluster: name.optional().describe("Targets that share a product's cluster-wide limits"),
  protected: z.boolean().default(false).describe('Never the destination of a restore'),
  safetyBackup: z
    .boolean()
    .default(true)
    .describe('A destructive restore backs its destination up first'),
});

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  temporal: temporal.optional(),
  stores: z.record(name, storeSchema),
  targets: z.record(name, target),
});

export type ParsedTarget = z.output<typeof target>;
export type ScheduleSettings = z.output<typeof schedule>;
export type TemporalSettings = z.output<typeof temporal>;

function positive(schema: typeof duration) {
  return schema.refine((ms) => ms > 0, 'expected a duration above zero');
}

function isPrefix(prefix: string): boolean {
  return prefix
    .replace(/\/$/, '')
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

function timeZoneProblem(zone: string): string | undefined {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
    if (/^[A-Za-z]/.test(timeZone)) return capitalsProblem(zone, timeZone);
  } catch {
    // Worded below.
  }
  const hint = didYouMean(zone, Intl.supportedValuesOf('timeZone'));
  return `expected an IANA time zone such as Europe/Berlin, found "${zone}".${hint}`;
}

/** Node finds `europe/berlin` too, and Temporal does not. What is spelled right stays as it is: EST is no place. */
function capitalsProblem(zone: string, canonical: string): string | undefined {
  const known = [canonical, ...Intl.supportedValuesOf('timeZone')];
  if (known.includes(zone)) return undefined;
  const meant = known.find((each) => each.toLowerCase() === zone.toLowerCase());
  if (meant) return `expected ${meant}, in just these capitals`;
  // Older names are not among those that Node lists; none of them is without capitals.
  return zone === zone.toLowerCase()
    ? 'expected an IANA time zone in its own capitals, such as Europe/Berlin'
    : undefined;
}
