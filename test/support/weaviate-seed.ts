import { createHash } from 'node:crypto';
import {
  askWeaviate,
  writeObjects,
  type StoredObject,
  type WeaviateAddress,
} from './weaviate-data.ts';

export interface Seed {
  /** Of each class or tenant. Default: 200. */
  objects?: number;
  /** Of each vector. Default: 16. */
  dimensions?: number;
}

export const TENANTS = ['north', 'south'];

/**
 * Fills a server with one class of each kind: `Article` with a vector, `Photo` with two named vectors, `Note` with two
 * tenants and no vectors, and the alias `Story` of `Article`. Always the same content.
 */
export async function seedWeaviate(server: WeaviateAddress, seed: Seed = {}): Promise<void> {
  for (const definition of CLASSES) await askWeaviate(server, 'POST', '/schema', definition);
  const tenants = TENANTS.map((name) => ({ name }));
  await askWeaviate(server, 'POST', '/schema/Note/tenants', tenants);
  await askWeaviate(server, 'POST', '/aliases', { alias: 'Story', class: 'Article' });
  await writeObjects(server, articles(0, seed));
  await writeObjects(server, photos(seed));
  for (const tenant of TENANTS) await writeObjects(server, notes(tenant, seed));
}

const TEXT = { dataType: ['text'] };
const CLASSES = [
  {
    class: 'Article',
    vectorizer: 'none',
    properties: [
      { name: 'title', ...TEXT },
      { name: 'rank', dataType: ['int'] },
      { name: 'score', dataType: ['number'] },
      { name: 'seenAt', dataType: ['date'] },
    ],
  },
  {
    class: 'Photo',
    vectorConfig: {
      image: { vectorizer: { none: {} }, vectorIndexType: 'hnsw' },
      caption: { vectorizer: { none: {} }, vectorIndexType: 'flat' },
    },
    properties: [{ name: 'caption', ...TEXT }],
  },
  {
    class: 'Note',
    vectorizer: 'none',
    multiTenancyConfig: { enabled: true },
    properties: [{ name: 'text', ...TEXT }],
  },
];

/** The articles from number `from` on. */
export function articles(from: number, { objects = 200, dimensions = 16 }: Seed = {}) {
  return numbers(from, objects).map((number): StoredObject => ({
    class: 'Article',
    id: idOf('Article', number),
    properties: {
      title: `Article number ${number}`,
      rank: number,
      score: number / 7,
      seenAt: new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString(),
    },
    vector: vectorOf(`Article ${number}`, dimensions),
  }));
}

function photos({ objects = 200, dimensions = 16 }: Seed): StoredObject[] {
  return numbers(0, objects).map((number) => ({
    class: 'Photo',
    id: idOf('Photo', number),
    properties: { caption: `Photo number ${number}` },
    vectors: {
      image: vectorOf(`Photo ${number} image`, dimensions),
      caption: vectorOf(`Photo ${number} caption`, dimensions),
    },
  }));
}

function notes(tenant: string, { objects = 200 }: Seed): StoredObject[] {
  return numbers(0, objects).map((number) => ({
    class: 'Note',
    id: idOf(`Note ${tenant}`, number),
    tenant,
    properties: { text: `Note number ${number} of ${tenant}` },
  }));
}

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function idOf(kind: string, number: number): string {
  const hex = createHash('sha256').update(`${kind} ${number}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Between -1 and 1, and exact in 32 bits. */
function vectorOf(text: string, dimensions: number): number[] {
  const vector: number[] = [];
  for (let block = 0; vector.length < dimensions; block += 1) {
    const digest = createHash('sha512').update(`${text} ${block}`).digest();
    for (let at = 0; at < digest.length && vector.length < dimensions; at += 2) {
      vector.push(digest.readInt16LE(at) / 32_768);
    }
  }
  return vector;
}
