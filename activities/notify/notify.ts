import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { HttpClient } from '../http/client.ts';
import { webhookUrl } from './webhook.ts';

const STALL_MS = 20_000;

/** Posts the notice to a webhook. */
export function notify(deps: Dependencies): Activities['notify'] {
  return ({ webhook, notice }) =>
    attempt(deps, async (at) => {
      const url = await webhookUrl(webhook, notice.target);
      const status = await post(at, url, JSON.stringify(notice));
      if (status >= 200 && status < 300) return;
      const passing = status >= 500 || status === 429 || status === 408;
      throw new HoldfastError(
        passing ? 'NOTIFY_FAILED' : 'NOTIFY_REFUSED',
        `The webhook of target ${notice.target} at ${url.host} answered ${status}.`,
      );
    });
}

async function post(at: Attempt, url: URL, body: string): Promise<number> {
  const client = new HttpClient({
    url: url.origin,
    server: `The webhook at ${url.host}`,
    connections: 1,
    stallMs: STALL_MS,
    signal: at.signal,
  });
  const { username, password } = url;
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  try {
    const answer = await client.request({
      method: 'POST',
      path: url.pathname + url.search,
      headers: {
        'content-type': 'application/json',
        ...(username ? { authorization: `Basic ${login.toString('base64')}` } : {}),
      },
      body,
      operation: 'telling how the run ended',
    });
    await answer.discard();
    return answer.status;
  } finally {
    await client.close();
  }
}
