import { z } from 'zod';
import { type Answer, garbled, refusal } from './answer.ts';
import type { EnterpriseClient } from './client.ts';
import { type BackupRecord, backupRecord } from './records.ts';

const PATH = '/api/v3/enterprise/backup';
const listed = z.object({ backups: z.array(backupRecord) });

/** The five calls about backups. */
export class BackupApi {
  readonly client: EnterpriseClient;

  constructor(client: EnterpriseClient) {
    this.client = client;
  }

  static readonly list = { method: 'GET', path: PATH, operation: 'listing the backups' } as const;

  async list(): Promise<BackupRecord[]> {
    return BackupApi.readList(await this.client.ask('engine', BackupApi.list));
  }

  static readList(answer: Answer): BackupRecord[] {
    if (answer.status !== 200) throw refusal(answer);
    const list = listed.safeParse(answer.json);
    if (!list.success) throw garbled(answer);
    return list.data.backups;
  }

  /**
   * A backup of this name, if there is one. Its absence is believed only when the list says so too: a proxy, or a node
   * without the engine, says 404 as well.
   */
  async get(name: string): Promise<BackupRecord | undefined> {
    const path = `${PATH}/${encodeURIComponent(name)}`;
    const operation = `asking for backup ${name}`;
    const answer = await this.client.ask('engine', { method: 'GET', path, operation });
    if (answer.status === 404) return (await this.list()).find((one) => one.name === name);
    if (answer.status !== 200) throw refusal(answer);
    const record = backupRecord.safeParse(answer.json);
    if (!record.success) throw garbled(answer);
    return record.data;
  }

  /** `conflict`: there is a backup of this name, or a job that stands in the way; the server has one code for both. */
  async start(name: string, force: boolean): Promise<'accepted' | 'conflict'> {
    const body = { type: 'full', name, ...(force ? { force } : {}) };
    const answer = await this.#change('POST', PATH, `starting backup ${name}`, body);
    if (answer.status === 409) return 'conflict';
    if (answer.status >= 300) throw refusal(answer);
    return 'accepted';
  }

  /** `bodyless`: the server saw no name, so something between takes the body off. */
  async cancel(name: string): Promise<'accepted' | 'absent' | 'bodyless'> {
    const answer = await this.#change('DELETE', PATH, `cancelling backup ${name}`, { name });
    if (answer.status === 404) return 'absent';
    if (answer.status === 400) return 'bodyless';
    if (answer.status >= 300) throw refusal(answer);
    return 'accepted';
  }

  /** `conflict`: it is in progress, or others rest on it. */
  async delete(name: string): Promise<'deleted' | 'absent' | 'conflict'> {
    const path = `${PATH}/${encodeURIComponent(name)}`;
    const answer = await this.#change('DELETE', path, `deleting backup ${name}`);
    if (answer.status === 404) return 'absent';
    if (answer.status === 409) return 'conflict';
    if (answer.status >= 300) throw refusal(answer);
    return 'deleted';
  }

  /** Finds the node that compacts by a call that changes nothing, so that a lost answer means one node only. */
  async #change(
    method: 'POST' | 'DELETE',
    path: string,
    operation: string,
    body?: unknown,
  ): Promise<Answer> {
    await this.client.ask('engine', BackupApi.list);
    const call = { method, path, operation, ...(body === undefined ? {} : { body }) };
    return this.client.ask('engine', call);
  }
}
