import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import type { InfluxClient } from './client.ts';

const healthSchema = z.object({
  name: z.string(),
  status: z.string(),
  message: z.string().optional(),
  version: z.string(),
});

export interface Version {
  /** As the server says it, without a leading `v`. */
  text: string;
  /** Absent for a build without a version (`dev`), which is taken for a new one. */
  number?: [major: number, minor: number, patch: number];
}

/** Who answers, and whether it is ready. @throws WRONG_SERVER, TARGET_BUSY */
export async function readHealth(client: InfluxClient): Promise<Version> {
  const operation = 'asking for its health';
  const wrong = (what: string) =>
    new HoldfastError('WRONG_SERVER', `${client.server}: ${what}, so this is not InfluxDB v2.`);
  const response = await client.send({
    method: 'GET',
    path: '/health',
    operation,
    token: null,
    patienceMs: 0,
    accept: [400, 401, 403, 404, 405, 503],
  });
  const text = await response.text(64 * 1024);
  if (response.status !== 200 && response.status !== 503) {
    throw wrong(`it answers HTTP ${response.status} to ${operation.slice(7)}`);
  }
  const health = healthSchema.safeParse(jsonOrNothing(text)).data;
  if (health === undefined || health.name !== 'influxdb') {
    if (response.status === 503) {
      throw new HoldfastError('TARGET_BUSY', `${client.server} answers HTTP 503: not ready yet.`);
    }
    throw wrong('it does not answer as InfluxDB does');
  }
  if (health.status !== 'pass') {
    throw new HoldfastError(
      'TARGET_BUSY',
      `${client.server} is not ready yet: ${health.message ?? health.status}.`,
    );
  }
  return readVersion(health.version);
}

export function readVersion(text: string): Version {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  const plain = text.replace(/^v(?=\d)/, '');
  if (!found) return { text: plain };
  return { text: plain, number: [Number(found[1]), Number(found[2]), Number(found[3])] };
}

/** A version that is not known counts as new. */
export function isAtLeast(version: Version, ...wanted: [number, number, number]): boolean {
  if (version.number === undefined) return true;
  for (const [at, part] of version.number.entries()) {
    const other = wanted[at] ?? 0;
    if (part !== other) return part > other;
  }
  return true;
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
