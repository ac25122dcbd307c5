import { z } from 'zod';

/** The formats of a committed backup (docs/formats.md). A reader ignores fields that it does not know. */

export const MANIFEST_FORMAT = 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.number().int().nonnegative();

export const warningSchema = z.object({
  code: z.string(),
  message: z.string(),
  subject: z.string().optional(),
});

export const manifestSchema = z.object({
  format: z.literal(MANIFEST_FORMAT),
  holdfast: z.string(),
  id: z.string(),
  target: z.string(),
  product: z.object({ name: z.string(), version: z.string(), identity: z.string() }),
  kind: z.enum(['streamed', 'delegated']),
  run: z.object({ workflowId: z.string(), runId: z.string(), attempt: z.number().int() }),
  times: z.object({
    scheduled: z.string().optional(),
    started: z.string(),
    captured: z.object({ from: z.string(), to: z.string() }),
    completed: z.string(),
  }),
  totals: z.object({
    artifacts: z.number().int(),
    objects: z.number().int(),
    storedBytes: bytes,
    plainBytes: bytes,
    newBytes: bytes,
  }),
  objects: z.object({ path: z.string(), bytes, sha256 }),
  encryption: z.object({ scheme: z.literal('age-v1'), recipients: z.array(z.string()) }).nullish(),
  state: z.enum(['ok', 'suspect']),
  note: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  warnings: z.array(warningSchema),
  detail: z.record(z.string(), z.unknown()),
  /** Of a delegated backup: what the product wrote, and where. */
  delegated: z
    .object({
      /** The name under which the product knows it. */
      name: z.string(),
      /** Where it was written: `s3://bucket/prefix at s3.example.com`; once without the service. */
      place: z.string(),
      objects: z.object({ path: z.string(), bytes, sha256 }),
      count: z.number().int(),
      bytes,
      /** Ids of the earlier backups that it rests on, each with the product's name for it. */
      bases: z.array(z.object({ backup: z.string(), name: z.string() })),
    })
    .optional(),
  /** SHA-256 of this manifest's compact JSON without this field. */
  digest: sha256.optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const entrySchema = z.object({ name: z.string(), bytes, sha256 });
export type Entry = z.infer<typeof entrySchema>;

/** One line of `objects.ndjson.gz`: one object in the store. */
export const objectLineSchema = z.object({
  /** Below the backup's folder: `data/…`. */
  path: z.string(),
  /** Relative to the backup's folder, when the bytes are an earlier backup's. */
  from: z.string().optional(),
  /** As stored. */
  bytes,
  sha256,
  /** As stored, where the store was sent it: what it keeps can be compared with it without a read. */
  crc32: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .optional(),
  /** After decryption, before decompression: what the product sent. Of this part alone when split. Absent: as stored. */
  plain: z.object({ bytes, sha256 }).optional(),
  codec: z.enum(['identity', 'gzip', 'zstd']),
  encrypted: z.boolean(),
  part: z.object({ of: z.string(), index: z.number().int(), count: z.number().int() }).optional(),
  role: z.string(),
  subject: z.string(),
  /** The files inside a tar, in order, with what they hash to. On the first part only. */
  entries: z.array(entrySchema).optional(),
});
export type ObjectLine = z.infer<typeof objectLineSchema>;
