import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/**
 * Where a worker dies, as by `kill -9`: `<activity> before` its body, `after` it (done, and not yet answered), or in
 * the midst of it: before its n-th `request` to a database or an object store, before the n-th `answer` is read, before
 * the n-th `link` (an object of a directory store appears) or the n-th `unlink`; or before it reads that an object store
 * has its n-th `object`, or `part` of one, of the data of a backup.
 */
export type Step = `${string} before` | `${string} after` | `${string} ${Midst} ${number}`;
type Midst = 'request' | 'answer' | 'link' | 'unlink' | 'object' | 'part';

interface Sent {
  method: string;
  path: string;
}

interface Running {
  activity: string;
  counts: Record<Midst, number>;
}

/**
 * An interceptor that kills its own process at the first of the steps that it meets; or stops it (SIGSTOP) at those of
 * `freezeAt`, until somebody lets it go on; then it prints `left` when what had been under way has ended.
 */
export function deathWish(dieAt: Step[], freezeAt: Step[]): ActivityInterceptorsFactory {
  const deadly = new Set<string>(dieAt);
  const icy = new Set<string>(freezeAt);
  const running = new AsyncLocalStorage<Running>();
  const underWay = new Set<Running>();
  let frozen = new Set<Running>();
  const passing = (step: string) => {
    if (deadly.has(step)) {
      writeSync(1, `died ${step}\n`);
      process.kill(process.pid, 'SIGKILL');
    } else if (icy.delete(step)) {
      frozen = new Set(underWay);
      writeSync(1, `froze ${step}\n`);
      process.kill(process.pid, 'SIGSTOP');
    }
  };
  const midst = (kind: Midst) => {
    const now = running.getStore();
    if (now) passing(`${now.activity} ${kind} ${++now.counts[kind]}`);
  };
  if (deadly.size + icy.size > 0) watch(midst);
  return ({ info }) => ({
    inbound: {
      execute: (input, next) => {
        const activity = info.activityType;
        passing(`${activity} before`);
        const counts = { request: 0, answer: 0, link: 0, unlink: 0, object: 0, part: 0 };
        const own = { activity, counts };
        underWay.add(own);
        return running.run(own, async () => {
          try {
            const result = await next(input);
            passing(`${activity} after`);
            return result;
          } finally {
            underWay.delete(own);
            if (frozen.delete(own) && frozen.size === 0) writeSync(1, 'left\n');
          }
        });
      },
    },
  });
}

function watch(midst: (kind: Midst) => void): void {
  const askedBy = new WeakMap<object, () => void>();
  subscribe('undici:request:create', (message) => {
    const { request } = message as { request: Sent };
    // The answer arrives in nobody's context.
    askedBy.set(
      request,
      AsyncLocalStorage.bind(() => {
        midst('answer');
        if (request.method !== 'PUT' || !request.path.includes('/data/')) return;
        midst(request.path.includes('partNumber=') ? 'part' : 'object');
      }),
    );
    midst('request');
  });
  subscribe('undici:request:headers', (message) => {
    askedBy.get((message as { request: object }).request)?.();
  });
  const { link, unlink } = fs;
  Object.assign(fs, {
    link: (...path: Parameters<typeof link>) => {
      midst('link');
      return link(...path);
    },
    unlink: (...path: Parameters<typeof unlink>) => {
      midst('unlink');
      return unlink(...path);
    },
  });
  syncBuiltinESMExports();
}
