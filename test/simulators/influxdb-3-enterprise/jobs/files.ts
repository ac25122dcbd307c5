import type { Cluster } from '../cluster.ts';
import { type Content, copyOf, type Row, tableOf } from '../data/content.ts';

/** What a backup consists of, in the place of the engine's own files: a catalog, and rows in pieces. */
export interface BackupFile {
  /** Below the backup's prefix. */
  path: string;
  bytes: Buffer;
}

interface Catalog {
  uuid: string;
  tokens: [string, string][];
  seq: number;
  databases: {
    name: string;
    retentionNs: string | null;
    ofTables: [table: string, retentionNs: string][];
    tables: string[];
  }[];
  /** Every file, so that a restore sees what is missing or cut. */
  files: { path: string; bytes: number }[];
}

export const CATALOG = 'catalog/catalog.json';
export const DESCRIPTION = 'backup_manifest.json';

const ROWS_OF_A_FILE = 500;

export function backupFiles({ content, uuid, tokens, ballast }: Cluster): BackupFile[] {
  const files: BackupFile[] = [];
  const persisted = copyOf(content, (row) => row.persisted);
  let seq = 0;
  for (const [database, { tables }] of persisted) {
    for (const [table, rows] of tables) {
      const lines = [...rows.entries()];
      for (let at = 0; at < lines.length; at += ROWS_OF_A_FILE) {
        const path = `pt/${encode(database)}/${encode(table)}/${number(at / ROWS_OF_A_FILE)}.rows`;
        const text = lines.slice(at, at + ROWS_OF_A_FILE).map(([key, row]) => printRow(key, row));
        files.push({ path, bytes: Buffer.from(text.join('')) });
      }
      for (const row of rows.values()) seq = Math.max(seq, row.seq);
    }
  }
  for (let at = 0; at < ballast.files; at += 1) {
    files.push({ path: `pt/${number(at)}.pt`, bytes: Buffer.alloc(ballast.fileBytes, at % 251) });
  }
  const catalog: Catalog = {
    uuid,
    seq,
    tokens: [...tokens],
    databases: [...persisted].map(
      ([name, { retentionNs, ofTables = new Map<string, bigint>(), tables }]) => ({
        name,
        retentionNs: retentionNs === null ? null : retentionNs.toString(),
        ofTables: [...ofTables].map(([table, period]) => [table, period.toString()]),
        tables: [...tables.keys()],
      }),
    ),
    files: files.map(({ path, bytes }) => ({ path, bytes: bytes.length })),
  };
  return [{ path: CATALOG, bytes: Buffer.from(JSON.stringify(catalog)) }, ...files];
}

/** The catalog of a backup in the storage. @throws Error when it is not there */
export async function readCatalog(cluster: Cluster, name: string): Promise<Catalog> {
  const bytes = await cluster.storage.get(cluster.prefix(name) + CATALOG);
  if (!bytes) throw new Error('the catalog of the backup is missing');
  return JSON.parse(bytes.toString()) as Catalog;
}

/** The rows of one file. @throws Error when it is missing or not whole */
export async function readRows(
  cluster: Cluster,
  name: string,
  file: { path: string; bytes: number },
): Promise<Buffer> {
  const bytes = await cluster.storage.get(cluster.prefix(name) + file.path);
  if (bytes?.length !== file.bytes) throw new Error(`${file.path} is missing or damaged`);
  return bytes;
}

export function emptyContent({ databases }: Catalog): Content {
  return new Map(
    databases.map(({ name, retentionNs, ofTables, tables }) => [
      name,
      {
        retentionNs: retentionNs === null ? null : BigInt(retentionNs),
        ofTables: new Map(ofTables.map(([table, period]) => [table, BigInt(period)])),
        tables: new Map(tables.map((table) => [table, new Map<string, Row>()])),
      },
    ]),
  );
}

export function addRows(content: Content, path: string, bytes: Buffer): void {
  const [, database = '', table, piece] = path.split('/');
  if (table === undefined || piece === undefined) return;
  const rows = tableOf(content, decodeURIComponent(database), decodeURIComponent(table));
  for (const text of bytes.toString().split('\n').filter(Boolean)) {
    const { k, s, t, l } = JSON.parse(text) as { k: string; s: number; t: string; l: string };
    rows.set(k, { seq: s, time: BigInt(t), line: l, persisted: true });
  }
}

function printRow(key: string, { seq, time, line }: Row): string {
  return `${JSON.stringify({ k: key, s: seq, t: time.toString(), l: line })}\n`;
}

function number(at: number): string {
  return String(at).padStart(6, '0');
}

function encode(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2E');
}
