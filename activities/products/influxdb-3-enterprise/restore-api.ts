import { z } from 'zod';
import { type Answer, garbled, refusal } from './answer.ts';
import type { EnterpriseClient } from './client.ts';
import type { NodeCall } from './node.ts';
import { type RestoreRecord, restoreRecord } from './records.ts';

const PATH = '/api/v3/enterprise/restore';
const LIST = { method: 'GET', path: PATH, operation: 'listing the restores' } as const;
const listed = z.object({ restores: z.array(restoreRecord) });
const started = z.object({ restore_id: z.string().min(1) });

/** The four calls about restores. */
export class RestoreApi {
  readonly client: EnterpriseClient;

  constructor(client: EnterpriseClient) {
    this.client = client;
  }

  /** Newest first. */
  async list(): Promise<RestoreRecord[]> {
    const answer = await this.client.ask('engine', LIST);
    if (answer.status !== 200) throw refusal(answer);
    const list = listed.safeParse(answer.json);
    if (!list.success) throw garbled(answer);
    return list.data.restores;
  }

  async get(id: string): Promise<RestoreRecord | undefined> {
    const operation = `asking for restore ${id}`;
    const answer = await this.client.ask('engine', { method: 'GET', path: at(id), operation });
    if (answer.status === 404) return (await this.list()).find((one) => one.restore_id === id);
    if (answer.status !== 200) throw refusal(answer);
    const record = restoreRecord.safeParse(answer.json);
    if (!record.success) throw garbled(answer);
    return record.data;
  }

  /** The id is absent when the answer had no body. `conflict`: a restore is running. */
  async start(
    backup: string,
    onSend: () => void,
  ): Promise<{ id: string | undefined } | 'conflict'> {
    const operation = `starting the restore of backup ${backup}`;
    const answer = await this.#change('POST', PATH, operation, {
      body: { backup_name: backup },
      onSend,
    });
    if (answer.status === 409) return 'conflict';
    if (answer.status >= 300) throw refusal(answer);
    return { id: started.safeParse(answer.json).data?.restore_id };
  }

  /** `absent`: it has ended, or is not known, or this node is not the one to ask: the server has one code for all. */
  async cancel(id: string): Promise<'accepted' | 'absent'> {
    const answer = await this.#change('DELETE', at(id), `cancelling restore ${id}`);
    if (answer.status === 404) return 'absent';
    if (answer.status >= 300) throw refusal(answer);
    return 'accepted';
  }

  async #change(
    method: 'POST' | 'DELETE',
    path: string,
    operation: string,
    more: Pick<NodeCall, 'body' | 'onSend'> = {},
  ): Promise<Answer> {
    await this.client.ask('engine', LIST);
    return this.client.ask('engine', { method, path, operation, ...more });
  }
}

function at(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}
