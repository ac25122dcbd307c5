import { randomBytes, randomUUID } from 'node:crypto';
import { type Content, copyOf, type Deletion, tableOf } from './data/content.ts';
import { parseLine } from './data/line-protocol.ts';
import type { Profile } from './profiles.ts';
import type { ObjectStorage } from './storage/storage.ts';
import type { Switches } from './switches.ts';

export type JobStatus = 'in_progress' | 'completed' | 'failed';

interface Job {
  status: JobStatus;
  createdAt: Date;
  completedAt?: Date;
  files: number;
  bytes: number;
  /** Aborted with the reason `cancel`, `restart`, `force` or `stop`; absent when nothing works on it. */
  work?: AbortController | undefined;
}

export interface BackupRecord extends Job {
  name: string;
  type: 'full' | 'incremental';
  parent?: string;
  /** Known only because its objects lie in the storage. */
  putBack?: boolean;
}

export interface RestoreRecord extends Job {
  id: string;
  backup: string;
}

/** Rights of a token: everything, everything as a person, or something else. */
export type Rights = 'operator' | 'admin-user' | 'lesser';

/** What all nodes of a cluster share. */
export class Cluster {
  readonly id: string;
  readonly profile: Profile;
  readonly switches: Switches;
  readonly storage: ObjectStorage;
  uuid: string = randomUUID();
  content: Content = new Map();
  deletions: Deletion[] = [];
  tokens = new Map<string, Rights>();
  backups = new Map<string, BackupRecord>();
  /** Newest first. */
  restores: RestoreRecord[] = [];
  /** Objects without rows that every backup holds, as ballast. */
  ballast: { files: number; fileBytes: number } = { files: 0, fileBytes: 0 };
  /** What an additive restore brought, until a restart shows it. */
  pending: Content[] = [];
  #seq = 0;
  #before: { content: Content; deletions: Deletion[]; until: number } | undefined;

  constructor(id: string, profile: Profile, switches: Switches, storage: ObjectStorage) {
    this.id = id;
    this.profile = profile;
    this.switches = switches;
    this.storage = storage;
  }

  prefix(name: string): string {
    return `${this.id}/backups/${name}/`;
  }

  /** By the server's own clock. */
  now(): Date {
    return new Date(Date.now() + this.switches.clockMs);
  }

  get restoring(): boolean {
    return this.restores.some(({ status, work }) => status === 'in_progress' && work);
  }

  /** Writes lines of line protocol. Rows that are not persisted yet are in no backup. */
  write(database: string, lines: string[], options: { persisted?: boolean } = {}): void {
    const now = BigInt(Date.now()) * 1_000_000n;
    for (const line of lines) {
      const point = parseLine(line, now);
      this.#seq += 1;
      tableOf(this.content, database, point.table).set(`${point.series} ${point.time}`, {
        seq: this.#seq,
        time: point.time,
        line: point.line,
        persisted: options.persisted ?? true,
      });
    }
  }

  /** Persists what is only in memory. */
  flush(): void {
    for (const { tables } of this.content.values()) {
      for (const rows of tables.values()) for (const row of rows.values()) row.persisted = true;
    }
  }

  deleteRows(database: string, table: string, from: bigint, to: bigint): void {
    this.deletions.push({ database, table, from, to, before: this.#seq + 1 });
  }

  dropDatabase(name: string): void {
    this.content.delete(name);
  }

  setRetention(database: string, retentionNs: bigint | null): void {
    const found = this.content.get(database) ?? { retentionNs, tables: new Map() };
    found.retentionNs = retentionNs;
    this.content.set(database, found);
  }

  setTableRetention(database: string, table: string, retentionNs: bigint): void {
    tableOf(this.content, database, table);
    const found = this.content.get(database);
    if (found) found.ofTables = new Map(found.ofTables).set(table, retentionNs);
  }

  /** What queries see, which after a restore may be of before for a while. */
  view(): { content: Content; deletions: Deletion[] } {
    if (this.#before && Date.now() < this.#before.until) return this.#before;
    return this;
  }

  /** Puts other content in the place of the present one, as a restore does. */
  replace(content: Content, deletions: Deletion[]): void {
    const { queryLagMs } = this.switches;
    if (queryLagMs > 0) {
      const { content: old, deletions: gone } = this;
      this.#before = { content: copyOf(old), deletions: gone, until: Date.now() + queryLagMs };
    }
    this.content = content;
    this.deletions = deletions;
  }

  /** What a restart of the nodes makes visible. */
  settle(): void {
    for (const content of this.pending.splice(0)) {
      for (const [database, { tables, ...restored }] of content) {
        if (!this.content.has(database)) {
          this.content.set(database, { ...restored, tables: new Map() });
        }
        for (const [table, rows] of tables) {
          const mine = tableOf(this.content, database, table);
          for (const [key, row] of rows) if (!mine.has(key)) mine.set(key, row);
        }
      }
    }
  }
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 26 characters that sort by time, as ULIDs do. */
export function newId(): string {
  let time = Date.now();
  let text = '';
  for (let i = 0; i < 10; i += 1) {
    text = ALPHABET.charAt(time % 32) + text;
    time = Math.floor(time / 32);
  }
  return text + [...randomBytes(16)].map((byte) => ALPHABET.charAt(byte % 32)).join('');
}
