import { createHash } from 'node:crypto';
import type { WeaviateObject } from './objects.ts';
import { withoutLink } from './reference-link.ts';

/** Of 256 bits, which says more than any collision could hide. */
const BYTES = 16;

/**
 * A digest of an object that does not depend on how a server prints it: id, properties in the order of their names,
 * and every vector as the floats of 32 bits that the server keeps.
 */
export class ObjectDigest {
  readonly #links: boolean;
  #floats = new Float32Array(4096);

  /** @param made absent: as before this was noted, with the links of references */
  constructor(made: 'without links' | undefined) {
    this.#links = made === undefined;
  }

  of({ id, properties, vector, vectors }: WeaviateObject): Buffer {
    const hash = createHash('sha256');
    hash.update(`${id}\n${JSON.stringify(inOrder(properties ?? {}, this.#links))}\n`);
    if (vector && vector.length > 0) this.#add(hash, '', vector);
    for (const name of Object.keys(vectors ?? {}).sort()) {
      this.#add(hash, name, vectors?.[name] ?? []);
    }
    return hash.digest().subarray(0, BYTES);
  }

  textOf(object: WeaviateObject): string {
    return this.of(object).toString('hex');
  }

  #add(
    hash: ReturnType<typeof createHash>,
    name: string,
    vector: readonly number[] | readonly number[][],
  ): void {
    const rows = (Array.isArray(vector[0]) ? vector : [vector]) as readonly number[][];
    for (const row of rows) {
      if (row.length > this.#floats.length) this.#floats = new Float32Array(row.length * 2);
      for (let at = 0; at < row.length; at += 1) this.#floats[at] = row[at] ?? 0;
      hash.update(`${name}\n${row.length}\n`);
      hash.update(new Uint8Array(this.#floats.buffer, 0, row.length * 4));
    }
  }
}

/** The same value, its keys in order; copies only what is not in order already. */
function inOrder(value: unknown, links: boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.some((one) => typeof one === 'object')
      ? value.map((one) => inOrder(one, links))
      : (value as unknown);
  }
  const told = value as Record<string, unknown>;
  const entries = links ? told : withoutLink(told);
  const keys = Object.keys(entries);
  const plain = keys.every(
    (key, at) =>
      (at === 0 || (keys[at - 1] ?? '') < key) &&
      (typeof entries[key] !== 'object' || entries[key] === null),
  );
  if (plain) return entries;
  return Object.fromEntries(keys.sort().map((key) => [key, inOrder(entries[key], links)]));
}
