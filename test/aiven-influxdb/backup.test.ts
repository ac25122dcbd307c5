import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notebookInMemory } from '../../activities/catalog/notebook.ts';
import type { ProductSession } from '../../activities/products/product.ts';
import { expected, members } from '../influxdb-v1/portable-backup.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { TASK_REFUSED } from '../simulators/aiven-influxdb/switches.ts';
import { makeCertificate } from '../support/certificate.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { failureOf } from './failure-of.ts';
import { connectTo, takeBackup } from './take-backup.ts';

let aiven: AivenSimulator;
let folder: TemporaryFolder;
let session: ProductSession;
beforeEach(async () => {
  folder = await temporaryFolder('aiven');
  aiven = await startAivenSimulator({ switches: { pendingPolls: 0 } });
  session = connect();
});
afterEach(async () => {
  await session.close();
  await aiven.stop();
  await folder.remove();
});

const connect = (connection: object = {}, signal?: AbortSignal) =>
  connectTo(aiven, connection, signal);
const backUp = (of = session) => takeBackup(of, folder.path);

const files = () =>
  readdir(join(folder.path, 'metrics/one/data')).then((names) => names.toSorted());

describe('a backup of Aiven for InfluxDB', () => {
  it.each(['flat', 'dot', 'nested'] as const)(
    'stores the files of the tar as the official tool wrote them, from a layout that is %s',
    async (layout) => {
      aiven.switches.layout = layout;
      const { capture, lines } = await backUp();
      expect(capture).toMatchObject({
        artifacts: [],
        warnings: [],
        detail: { shards: 9, databaseCount: 3 },
      });
      expect(await files()).toEqual(expected.members);
      for (const [name, bytes] of members) {
        const path = join(folder.path, 'metrics/one/data', name);
        expect((await readFile(path)).equals(bytes), name).toBe(true);
      }
      expect(lines.filter(({ entries }) => entries?.length).length).toBe(9);
    },
  );

  it('says what a restore will bring back that was deleted', async () => {
    const { capture, lines } = await backUp();
    const { warnings } = await session.backup.conclude({
      startedAt: new Date(),
      detail: capture.detail,
      objects: (async function* () {
        yield* lines;
      })(),
      gone: [],
    });
    expect(warnings.map(({ code }) => code)).toEqual([
      'TOMBSTONES_PRESENT',
      'METADATA_UNENCRYPTED',
    ]);
  });

  it('never shows the token of the API to the download host, nor a password to anybody else', async () => {
    await backUp();
    const downloads = aiven.requests.filter(({ host }) => host === 'download');
    expect(downloads.map(({ scheme, carriesToken }) => [scheme, carriesToken])).toEqual([
      ['Basic', false],
    ]);
  });

  it.each([
    ['service_uri_params', 'none'],
    ['components', 'none'],
    ['connection_info', 'none'],
  ] as const)(
    'finds the address in %s and the password among the users',
    async (uriPlace, uriCredentials) => {
      Object.assign(aiven.switches, { uriPlace, uriCredentials });
      // The simulator without TLS: a component says so.
      expect((await backUp()).lines).toHaveLength(11);
    },
  );

  it('takes the address and the password from the configuration where the service is wrong', async () => {
    Object.assign(aiven.switches, { uriPlace: 'nowhere', uriCredentials: 'wrong' });
    process.env['HOLDFAST_TEST_AIVEN_PASSWORD'] = aiven.account.password;
    await using other = disposable(
      connect({
        downloadUrl: `${aiven.downloadUrl}/backups/`,
        password: { env: 'HOLDFAST_TEST_AIVEN_PASSWORD' },
      }),
    );
    expect((await backUp(other)).lines).toHaveLength(11);
  });

  it('speaks TLS with both hosts', async () => {
    const certificate = await makeCertificate();
    await aiven.stop();
    aiven = await startAivenSimulator({
      switches: { pendingPolls: 0 },
      tls: { ...certificate, both: true },
    });
    await using secure = disposable(connect({ ca: certificate.path }));
    expect((await backUp(secure)).lines).toHaveLength(11);
    await using strict = disposable(connect());
    expect((await failureOf(strict.preflight('backup'))).code).toBe('TLS_UNTRUSTED');
    await certificate.folder.remove();
  });
});

describe('the task of a backup', () => {
  it.each([
    ['that takes its time', { pendingPolls: 2 }],
    ['that is told in other ways', { createdStatus: 201, withMessage: false, taskTypeAlias: true }],
    ['that only its status calls done', { doneByStatusOnly: true }],
    ['that fails once', { taskFails: 1 }],
    ['that is lost once', { taskLost: 1 }],
    ['whose answer is lost', { createAnswerLost: 1 }],
    ['over connections that are closed when idle', { idleCloseMs: 100, pendingPolls: 2 }],
    ['after refusals that pass', { tooManyRequests: 2, internalError: 1, badGateway: 1, busy: 1 }],
  ] as const)('is followed to its end: one %s', async (_, switches) => {
    Object.assign(aiven.switches, switches);
    expect((await backUp()).lines).toHaveLength(11);
  });

  it('that fails again and again ends in the words of the vendor', async () => {
    aiven.switches.taskFails = true;
    expect(await failureOf(backUp())).toMatchObject({
      code: 'JOB_FAILED',
      message: expect.stringContaining('shard 7: EOF'),
    });
  });

  it.each([
    [400, 'TARGET_REFUSED'],
    [403, 'PERMISSION_MISSING'],
  ])('that is refused for good ends in the words of the vendor: HTTP %d', async (status, code) => {
    aiven.switches.taskRefused = status;
    const failure = await failureOf(backUp());
    expect(failure).toMatchObject({ code, retryable: false });
    expect(failure.message).toContain(`requesting a backup failed`);
    expect(failure.message).toContain(`HTTP ${status}, "${TASK_REFUSED}"`);
    expect(aiven.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    await expect(files()).rejects.toThrow('ENOENT');
  });

  it('is told in the words of the vendor while it runs, and not any more when it has ended', async () => {
    Object.assign(aiven.switches, { pendingPolls: 1, taskStatus: true });
    const said: (string | undefined)[] = [];
    const job = { patienceMs: 60_000, says: (words?: string) => void said.push(words) };
    await takeBackup(session, folder.path, notebookInMemory(), job);
    expect(said.at(0)).toMatch(/^task [0-9a-f-]{36} is RUNNING$/);
    expect(said.at(-1)).toBeUndefined();
  });

  it('that does not end in its time is given up, counted from its request by whichever attempt', async () => {
    aiven.switches.taskNeverEnds = true;
    const notes = notebookInMemory();
    const asked = () => aiven.requests.filter(({ path }) => path.includes('/task/')).length;
    const attempt = (patienceMs: number) => {
      const job = { patienceMs, says: () => undefined };
      return failureOf(takeBackup(session, folder.path, notes, job));
    };
    const { code, message } = await attempt(600);
    expect(code).toBe('JOB_STUCK');
    expect(message).toMatch(
      /within 600ms, counted from 20\S+Z; it still says that task \S+ is pending\.$/,
    );
    const before = asked();
    expect(before).toBeGreaterThan(0);
    expect((await attempt(601)).code).toBe('JOB_STUCK');
    expect(asked()).toBe(before + 1);
    expect(aiven.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('begins the time of its backup when it was first asked for, by whichever attempt', async () => {
    Object.assign(aiven.switches, { busy: 1, taskNeverEnds: 1 });
    const notes = notebookInMemory();
    const posted = () => aiven.requests.some(({ method }) => method === 'POST');
    const job = { patienceMs: 600, says: () => undefined };
    const first = failureOf(takeBackup(session, folder.path, notes, job));
    await expect.poll(posted).toBe(true);
    const asked = Date.now();
    expect((await first).code).toBe('JOB_STUCK');
    for (const task of aiven.state.tasks.values()) task.pending = 0;
    const { capture } = await takeBackup(session, folder.path, notes);
    expect(capture.from?.getTime()).toBeLessThanOrEqual(asked);
    expect(capture.detail['asked']).toBe(capture.from?.getTime());
  });

  it('that never ends can be left', async () => {
    aiven.switches.taskNeverEnds = true;
    const stop = new AbortController();
    await using other = disposable(connect({}, stop.signal));
    const running = backUp(other);
    setTimeout(() => stop.abort(new Error('enough')), 300);
    await expect(running).rejects.toThrow('enough');
  });
});

describe('a download', () => {
  it.each([
    ['a file that is not there yet', 'notReady'],
    ['a host that cannot serve it for a while', 'downloadUnavailable'],
  ] as const)('waits for %s', async (_, fault) => {
    aiven.switches[fault] = 2;
    expect((await backUp()).lines).toHaveLength(11);
    expect(aiven.requests.filter(({ host }) => host === 'download')).toHaveLength(3);
  });

  it('goes on where it was when the host vouches for the file', async () => {
    aiven.switches.downloadReset = 2;
    await backUp();
    const ranges = aiven.requests.flatMap(({ host, headers }) =>
      host === 'download' ? [headers['range']] : [],
    );
    expect(ranges).toEqual([
      undefined,
      expect.stringMatching(/^bytes=\d+-$/),
      expect.stringMatching(/^bytes=\d+-$/),
    ]);
  });

  it.each([
    ['it falls silent', 'downloadStalls', 0],
    ['the host is away for a while after it broke off', 'downloadReset', 2],
  ] as const)('goes on where it was when %s', async (_, fault, away) => {
    aiven.switches[fault] = 1;
    const running = backUp();
    await expect.poll(() => aiven.switches[fault]).toBe(0);
    aiven.switches.downloadAway = away;
    expect((await running).lines).toHaveLength(11);
    expect(aiven.switches.downloadAway).toBe(0);
    const [, ...later] = aiven.requests.filter(({ host }) => host === 'download');
    expect(later).toHaveLength(1 + away);
    expect(new Set(later.map(({ headers }) => headers['range']))).toEqual(
      new Set([expect.stringMatching(/^bytes=\d+-$/)]),
    );
  });

  it('begins again once the host is back where it cannot go on', async () => {
    Object.assign(aiven.switches, { etag: 'none', downloadReset: 1 });
    const running = backUp();
    await expect.poll(() => aiven.switches.downloadReset).toBe(0);
    aiven.switches.downloadAway = 3;
    expect((await running).lines).toHaveLength(11);
    const downloads = aiven.requests.filter(({ host }) => host === 'download');
    expect(downloads).toHaveLength(5);
  });

  it.each([
    ['ranges are not served', { ranges: false, downloadReset: 1 }],
    ['the ETag is weak', { etag: 'weak', downloadReset: 1 }],
    ['it ends early without a length', { contentLength: false, downloadCut: 1 }],
    ['it falls silent', { etag: 'none', downloadStalls: 1 }],
  ] as const)('begins again when %s, and stores nothing twice', async (_, switches) => {
    Object.assign(aiven.switches, switches);
    const { lines, stored } = await backUp();
    expect(lines).toHaveLength(11);
    expect(new Set(stored).size).toBe(stored.length);
    expect(await files()).toEqual(expected.members);
  });

  it('notices by its ETag a backup that was replaced meanwhile', async () => {
    Object.assign(aiven.switches, { etagChanges: 5, downloadReset: 1 });
    expect(await failureOf(backUp())).toMatchObject({
      code: 'SOURCE_GARBLED',
      message: expect.stringContaining('was replaced by another one'),
    });
  });

  it('notices by its name a backup that was replaced between two tries', async () => {
    Object.assign(aiven.switches, { etag: 'none', downloadReset: 1, bytesPerSecond: 200_000 });
    const running = failureOf(backUp());
    await expect.poll(() => aiven.requests.some(({ host }) => host === 'download')).toBe(true);
    await expect.poll(() => aiven.switches.downloadReset).toBe(0);
    await aiven.replace('theirs');
    expect(await running).toMatchObject({
      code: 'SOURCE_GARBLED',
      message: expect.stringContaining('was replaced by another one'),
    });
  });

  it('notices by its bytes a backup that was replaced meanwhile', async () => {
    aiven.switches.replacedWhileDownloading = 1;
    aiven.state.othersContent = { tar: await otherTar() };
    const { code, message } = await failureOf(backUp());
    expect(code).toMatch(/^SOURCE_(GARBLED|TRUNCATED)$/);
    expect(message).toMatch(/lacks|gzip|tar/);
  });

  it.each([
    ['missing shard', 'lacks'],
    ['missing meta', 'lacks'],
    ['bad gzip', 'gzip'],
    ['cut shard', 'gzip'],
    ['bad inner tar', 'before its end mark'],
    ['wrong size', 'another size'],
    ['no trailer', 'before its end mark'],
    ['cut member', 'is a tar that ends inside'],
    ['files null', 'does not name'],
    ['manifest garbled', 'not JSON'],
    ['manifest missing', 'lacks a manifest'],
    ['two manifests', 'more than one manifest'],
    ['climbs', 'leads out of it'],
    ['absolute', 'leads out of it'],
    ['link', 'link or a device'],
    ['device', 'link or a device'],
    ['absurd size', 'where a header should be'],
    ['twice', 'twice'],
  ] as const)(
    'of a tar with this damage fails in one sentence: %s',
    async (damage, words) => {
      aiven.switches.damage = damage;
      const { code, message } = await failureOf(backUp());
      expect(code).toMatch(/^SOURCE_(GARBLED|TRUNCATED)$/);
      expect(message).toContain(words);
    },
    60_000,
  );
});

describe('a file that is of no use', () => {
  const attempts = async (count: number, before: () => void = () => undefined) => {
    const notes = notebookInMemory();
    const failures = [];
    for (let attempt = 0; attempt < count; attempt += 1) {
      before();
      failures.push(await failureOf(takeBackup(session, folder.path, notes)));
    }
    return failures;
  };
  const requested = () => aiven.requests.filter(({ method }) => method === 'POST').length;

  it('is requested anew three times in all, and then the run ends in what was wrong with the last', async () => {
    aiven.switches.damage = 'two manifests';
    const failures = await attempts(5);
    expect(failures.map(({ code }) => code)).toEqual([
      ...Array.from({ length: 3 }, () => 'SOURCE_GARBLED'),
      ...Array.from({ length: 2 }, () => 'JOB_FAILED'),
    ]);
    expect(failures[4]?.retryable).toBe(false);
    expect(failures[4]?.message).toMatch(
      /^Aiven service metrics .* failed 3 times to make a backup that is of use: What .* more than one manifest\.$/,
    );
    expect(requested()).toBe(3);
  });

  it('counts together with tasks that failed', async () => {
    aiven.switches.damage = 'two manifests';
    const failures = await attempts(2, () => (aiven.switches.taskFails = 1));
    expect(failures.map(({ code }) => code)).toEqual(['SOURCE_GARBLED', 'JOB_FAILED']);
    expect(requested()).toBe(3);
  });

  it('does not count when somebody else has replaced it', async () => {
    const failures = await attempts(4, () =>
      Object.assign(aiven.switches, { etagChanges: 5, downloadReset: 1 }),
    );
    expect(failures.map(({ code }) => code)).toEqual(failures.map(() => 'SOURCE_GARBLED'));
    aiven.calm();
    expect(requested()).toBe(4);
  });
});

/** The backup of another day: the same sizes under other names. */
async function otherTar(): Promise<string> {
  const path = join(folder.path, 'other.tar');
  const renamed = [...members].map(([name, body]) => ({
    name: name.replace(/^\d{8}/, '20200101'),
    body,
  }));
  await writeFile(path, tarArchive(renamed));
  return path;
}

function disposable(of: ProductSession): ProductSession & AsyncDisposable {
  return { ...of, [Symbol.asyncDispose]: () => of.close() };
}
