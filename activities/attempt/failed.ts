import { HoldfastError } from '../failure.ts';

/** How the last attempts of an activity have failed, as its heartbeat carries it. Those whose worker died do not count. */
interface Failed {
  code: string;
  times: number;
}

export function failedBefore(details: unknown): Failed | undefined {
  const { failed } = (details ?? {}) as { failed?: Partial<Failed> };
  const { code, times } = failed ?? {};
  return typeof code === 'string' && typeof times === 'number' ? { code, times } : undefined;
}

/** What may pass is given up when it has come so often, not because something else had failed for hours before it. */
export function inARow(before: Failed | undefined, error: unknown): Failed {
  const code = error instanceof HoldfastError ? error.code : 'INTERNAL';
  return { code, times: before?.code === code ? before.times + 1 : 1 };
}
