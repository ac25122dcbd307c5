import type { Store } from '../../activities/stores/store.ts';

export interface HeldStore {
  readonly store: Store;
  /** From now on every call waits, until `release` or its own signal. */
  hold(): void;
  release(): void;
}

/** A store whose other side can fall silent. Each call is as good as the signal that it was given. */
export function heldStore(real: Store): HeldStore {
  let open = Promise.resolve();
  let release: () => void = () => undefined;
  const waited = (signal: AbortSignal | undefined) =>
    Promise.race([
      open,
      new Promise<never>((_, reject) => {
        if (signal?.aborted) reject(signal.reason as Error);
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
    ]);
  const iterables = new Set<string | symbol>(['read', 'list', 'openUploads']);
  const store = new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function' || name === 'close') return member;
      const call = (args: unknown[]) => Reflect.apply(member, target, args) as unknown;
      if (!iterables.has(name)) {
        return async (...args: unknown[]) => {
          await waited(signalIn(args));
          return call(args);
        };
      }
      return async function* (...args: unknown[]) {
        await waited(signalIn(args));
        yield* call(args) as AsyncIterable<unknown>;
      };
    },
  });
  return {
    store,
    hold() {
      open = new Promise((resolve) => (release = resolve));
    },
    release: () => release(),
  };
}

function signalIn(args: unknown[]): AbortSignal | undefined {
  for (const argument of args) {
    const { signal } = (argument ?? {}) as { signal?: unknown };
    if (signal instanceof AbortSignal) return signal;
  }
  return undefined;
}
