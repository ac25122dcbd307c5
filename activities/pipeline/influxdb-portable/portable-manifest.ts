import { z } from 'zod';
import { FormatFault } from '../formats/format-fault.ts';

const size = z.number().int().nonnegative();
const plainName = z.string().regex(/^[^/\\\0]+$/);

const manifestSchema = z.object({
  meta: z.object({ fileName: plainName, size }),
  limited: z.boolean().optional(),
  files: z
    .array(
      z.object({
        database: z.string().min(1),
        policy: z.string().min(1),
        shardID: z.number().int().nonnegative(),
        fileName: plainName,
        /** Of the tar inside the gzip. */
        size,
      }),
    )
    // What the tool writes when there is no shard.
    .nullable()
    .transform((files) => files ?? []),
});

/** What `influxd backup -portable` says of its files. */
export type PortableManifest = z.infer<typeof manifestSchema>;

/** @throws FormatFault */
export function parsePortableManifest(bytes: Buffer): PortableManifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new FormatFault('garbled', 'is no manifest of InfluxDB 1: it is not JSON');
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue ? ` (${issue.path.join('.')}: ${issue.message})` : '';
    throw new FormatFault('garbled', `is no manifest of InfluxDB 1${where}`);
  }
  const names = parsed.data.files.map(({ fileName }) => fileName);
  if (new Set([...names, parsed.data.meta.fileName]).size !== names.length + 1) {
    throw new FormatFault('garbled', 'is a manifest that names a file twice');
  }
  return parsed.data;
}

/** `20261120T020000Z`, then the kind: `meta`, `manifest`, or `s7.tar.gz`. */
const FILE_NAME = /^(\d{8}T\d{6}Z)\.(?:(meta)|(manifest)|s(\d+)\.tar\.gz)$/;

/** What the tool's names say of a file; undefined for a name that it never gives. */
export function parseFileName(
  name: string,
): { base: string; kind: 'meta' | 'manifest' | 'shard'; shard?: number } | undefined {
  const [, base, meta, manifest, shard] = FILE_NAME.exec(name) ?? [];
  if (base === undefined) return undefined;
  if (meta) return { base, kind: 'meta' };
  return manifest ? { base, kind: 'manifest' } : { base, kind: 'shard', shard: Number(shard) };
}
