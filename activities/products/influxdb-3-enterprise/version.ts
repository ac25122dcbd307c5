import { z } from 'zod';
import { garbled, refusal } from './answer.ts';
import type { EnterpriseClient } from './client.ts';
import { HoldfastError } from '../../failure.ts';

export interface Version {
  /** As the server says it. */
  text: string;
  number?: [major: number, minor: number, patch: number];
}

const ping = z.object({ version: z.string() });

/** @throws WRONG_SERVER when it is another program, or InfluxDB 3 Core, which has no backups */
export async function readVersion(client: EnterpriseClient): Promise<Version> {
  const operation = 'asking for its version';
  const answer = await client.askEngineOrAny({ method: 'GET', path: '/ping', operation });
  const build = answer.header('x-influxdb-build');
  if (build !== undefined && build !== 'Enterprise') {
    throw new HoldfastError(
      'WRONG_SERVER',
      `${answer.server} is the build "${build}" of InfluxDB, and only Enterprise takes backups.`,
    );
  }
  if (answer.status !== 200) {
    if (answer.status === 404) throw garbled(answer);
    throw refusal(answer);
  }
  const text = answer.header('x-influxdb-version') ?? ping.safeParse(answer.json).data?.version;
  if (text === undefined) throw garbled(answer);
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (!found) return { text };
  return {
    text: text.replace(/^v/, ''),
    number: [Number(found[1]), Number(found[2]), Number(found[3])],
  };
}

/** One address may be all nodes in turn, of which those of a half-done upgrade differ. */
const LOOKS = 6;

/**
 * The versions that are told where the engine was found, which alone says what a restore does: the newest first, and
 * one that is not known before that.
 */
export async function readVersionsOfEngine(
  client: EnterpriseClient,
): Promise<[Version, ...Version[]]> {
  const found = new Map<string, Version>();
  for (let look = 1; look <= LOOKS; look += 1) {
    const version = await readVersion(client);
    found.set(version.text, version);
  }
  const [first, ...others] = [...found.values()].sort((a, b) => rank(b) - rank(a));
  if (!first) throw new Error('There is no version.');
  return [first, ...others];
}

function rank({ number }: Version): number {
  if (!number) return Number.POSITIVE_INFINITY;
  return number.reduce((sum, part) => sum * 10_000 + part, 0);
}

/** Before 3.11 a restore adds what is missing. A version that is not known counts as new. */
export function isAdditive({ number }: Version): boolean {
  return number !== undefined && (number[0] < 3 || (number[0] === 3 && number[1] < 11));
}

/** Before 3.10 there are no backups. */
export function hasNoBackups({ number }: Version): boolean {
  return number !== undefined && (number[0] < 3 || (number[0] === 3 && number[1] < 10));
}
