import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Notice } from '../workflows/contract/notice.ts';
import type * as api from '../workflows/contract/operations.ts';
import type { Progress } from '../workflows/contract/progress.ts';

/** The fields of a type, each with the mark that the page gives it. */
type Fields<T> = { [K in keyof T]-?: Partial<Pick<T, K>> extends Pick<T, K> ? '?' : '' };

const page = readFileSync(new URL('../docs/formats.md', import.meta.url), 'utf8');

const BACKUP = {
  input: { target: '', note: '?', tags: '?', full: '?' } satisfies Fields<api.BackupRequest>,
  result: {
    backup: '',
    target: '',
    store: '',
    place: '?',
    state: '',
    sameFailureDomain: '?',
    artifacts: '',
    objects: '',
    storedBytes: '',
    plainBytes: '',
    durationMs: '',
    warnings: '',
  } satisfies Fields<api.BackupReport>,
};
const RESTORE = {
  input: {
    target: '',
    backup: '?',
    into: '?',
    select: '?',
    rename: '?',
    onConflict: '?',
    confirm: '?',
    safetyBackup: '?',
    keepDeleted: '?',
    dryRun: '?',
  } satisfies Fields<api.RestoreRequest>,
  result: {
    dryRun: '',
    plan: '',
    restored: '',
    proof: '',
    safetyBackup: '?',
    sameFailureDomain: '?',
    bytes: '',
    durationMs: '',
    warnings: '',
  } satisfies Fields<api.RestoreReport>,
};
const COPY = {
  input: { target: '', backup: '?', to: '?' } satisfies Fields<api.CopyRequest>,
  result: {
    backup: '',
    target: '',
    store: '',
    objects: '',
    storedBytes: '',
    method: '',
    durationMs: '',
    warnings: '',
  } satisfies Fields<api.CopyReport>,
};
const DELETE = {
  // Without `confirm` it is refused, by a failure of its own.
  input: { target: '', backup: '', confirm: '' } satisfies Fields<Required<api.DeleteRequest>>,
  result: {
    backup: '',
    target: '',
    store: '',
    product: '?',
    objects: '',
    bytes: '',
    durationMs: '',
    warnings: '',
  } satisfies Fields<api.DeleteReport>,
};
const VERIFY = {
  input: { target: '', backup: '?', depth: '?' } satisfies Fields<api.VerifyRequest>,
  result: {
    backup: '',
    target: '',
    depth: '',
    ok: '',
    objects: '',
    bytes: '',
    onlyHashed: '',
    findings: '',
    findingsCount: '?',
    durationMs: '',
    warnings: '',
  } satisfies Fields<api.VerifyReport>,
};
const PROGRESS = {
  phase: '',
  waitingFor: '?',
  product: '?',
  sameFailureDomain: '?',
  artifacts: '',
  bytes: '',
  bytesPerSecond: '',
  eta: '?',
  startedAt: '',
  attempt: '?',
  lastError: '?',
  warnings: '',
  cancellable: '',
} satisfies Fields<Progress>;
const NOTICE = {
  text: '',
  operation: '',
  outcome: '',
  target: '',
  product: '',
  store: '',
  backup: '?',
  into: '?',
  code: '?',
  message: '?',
  warnings: '',
  sameFailureDomain: '?',
  startedAt: '',
  durationMs: '',
  workflowId: '',
  runId: '',
} satisfies Fields<Notice>;

describe('docs/formats.md', () => {
  test.each(Object.entries({ BACKUP, RESTORE, COPY, DELETE, VERIFY }))(
    'names every field that a %s takes and gives',
    (type, { input, result }) => {
      const row = new RegExp(`^\\| \`${type.toLowerCase()}\` +\\| (.*?) +\\| (.*?) +\\|$`, 'm');
      const [, takes, gives] = row.exec(page) ?? [];
      expect(takes).toBe(`\`{ ${told(input)} }\``);
      expect(gives).toBe(told(result));
    },
  );

  test('names every field of `progress` and of a notice', () => {
    const [progress, notice] = ['`progress`: ', 'has ended: '].map((before) => {
      const [, fields = ''] = page.split(`${before}\`{ `);
      return fields
        .split(' }`')[0]!
        .replaceAll(/: \{[^}]*\}/g, '')
        .replaceAll(/\s+/g, ' ');
    });
    expect(progress).toBe(told(PROGRESS));
    expect(notice).toBe(told(NOTICE));
  });
});

function told(fields: Record<string, '' | '?'>): string {
  return Object.entries(fields)
    .map(([name, mark]) => `${name}${mark}`)
    .join(', ');
}
