import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent as HttpAgent, get as httpGet } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../support/certificate.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ACCOUNT } from './account.ts';
import { startAivenSimulator, type AivenSimulator } from './index.ts';
import { DAMAGES, parseSwitch, type Switches } from './switches.ts';

interface Answer {
  message?: string;
  errors?: unknown[];
  task?: { task_id: string; success: boolean | null; result: string; [field: string]: unknown };
  service?: {
    state: string;
    connection_info: Record<string, string>;
    service_uri_params: Record<string, string>;
    components: Record<string, unknown>[];
  };
}

let aiven: AivenSimulator;
const start = async (switches: Partial<Switches> = {}) => {
  await aiven?.stop();
  aiven = await startAivenSimulator({ switches });
};
beforeEach(() => start());
afterEach(() => aiven.stop());

async function call(
  method: string,
  path: string,
  body?: object,
  authorization = `aivenv1 ${ACCOUNT.token}`,
): Promise<{ status: number; json: Answer; headers: Headers }> {
  const response = await fetch(`${aiven.url}/v1/project/acme-prod/service/metrics${path}`, {
    method,
    headers: { authorization },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const json = (await response.json()) as Answer;
  return { status: response.status, json, headers: response.headers };
}

const request = (name: string) => ({
  task_type: 'create_user_backup',
  create_user_backup: { backup_name: name },
});
const createTask = (name: string) => call('POST', '/task', request(name));

/** Requests a backup and asks until it is done. */
async function backUp(name: string): Promise<void> {
  const { json } = await createTask(name);
  for (let asked = 0; asked < 5; asked += 1) {
    const { task } = (await call('GET', `/task/${json.task?.task_id}`)).json;
    if (task?.success !== null) return;
  }
}

const login = `Basic ${Buffer.from(`${ACCOUNT.username}:${ACCOUNT.password}`).toString('base64')}`;
const download = (name: string, headers: Record<string, string> = {}) =>
  fetch(`${aiven.downloadUrl}/backups/${name}.tar`, {
    headers: { authorization: login, ...headers },
  });
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

describe('the control plane', () => {
  it.each(['aivenv1', 'Bearer'])('takes the token as %s', async (scheme) => {
    expect((await call('GET', '', undefined, `${scheme} ${ACCOUNT.token}`)).status).toBe(200);
    expect((await call('GET', '', undefined, `${scheme} wrong`)).status).toBe(401);
  });

  it('says null, and then true', async () => {
    const { status, json } = await createTask('one');
    expect(status).toBe(200);
    expect(json).toMatchObject({ message: 'created', task: { success: null, result: '' } });
    const path = `/task/${json.task?.task_id}`;
    expect((await call('GET', path)).json.task?.success).toBe(null);
    expect((await call('GET', path)).json.task?.success).toBe(true);
  });

  it('says false with a reason', async () => {
    aiven.switches.taskFails = 1;
    aiven.switches.pendingPolls = 0;
    const { json } = await createTask('one');
    const { task } = (await call('GET', `/task/${json.task?.task_id}`)).json;
    expect(task).toMatchObject({ success: false, result: expect.stringContaining('shard 7') });
    expect((await download('one')).status).toBe(404);
  });

  it('answers in the other ways that nobody can rule out', async () => {
    const odd = { createdStatus: 201, withMessage: false, taskTypeAlias: true };
    Object.assign(aiven.switches, odd, { doneByStatusOnly: true, pendingPolls: 0 });
    const { status, json } = await createTask('one');
    expect(status).toBe(201);
    expect(json).not.toHaveProperty('message');
    expect(json.task?.['task_type']).not.toBe('create_user_backup');
    expect((await call('GET', `/task/${json.task?.task_id}`)).json.task).toMatchObject({
      success: null,
      task_status: 'DONE',
    });
  });

  it('loses a task, and an answer', async () => {
    aiven.switches.taskLost = 1;
    const { json } = await createTask('one');
    expect((await call('GET', `/task/${json.task?.task_id}`)).status).toBe(404);
    aiven.switches.createAnswerLost = 1;
    await expect(createTask('two')).rejects.toThrow();
    expect(aiven.state.tasks.size).toBe(2);
  });

  it.each([
    [{ unauthorized: 1 }, 401],
    [{ forbidden: 1 }, 403],
    [{ internalError: 1 }, 500],
    [{ tooManyRequests: 1, tryAgainIn: 28 }, 429],
    [{ serviceGone: 1 }, 404],
  ] as const)('refuses once as the vendor does: %j', async (switches, status) => {
    Object.assign(aiven.switches, switches);
    const { json, ...answer } = await call('GET', '');
    expect(answer.status).toBe(status);
    expect(json.errors).toEqual([expect.objectContaining({ status, message: json.message })]);
    expect((await call('GET', '')).status).toBe(200);
  });

  it('names the seconds to wait in its text, or in a header when told so', async () => {
    Object.assign(aiven.switches, { tooManyRequests: 2, tryAgainIn: 28 });
    const { json, headers } = await call('GET', '');
    expect(json.message).toContain('try again in 28s');
    expect(headers.get('retry-after')).toBe(null);
    aiven.switches.tryAgainPlace = 'header';
    const other = await call('GET', '');
    expect(other.json.message).not.toContain('28');
    expect(other.headers.get('retry-after')).toBe('28');
  });

  it('answers a page in HTML where a proxy would', async () => {
    aiven.switches.badGateway = 1;
    const response = await fetch(`${aiven.url}/v1/project`);
    expect([response.status, await response.text()]).toEqual([502, expect.stringMatching('<h1>')]);
  });

  it('refuses names that the console does not allow', async () => {
    expect((await createTask('two words')).status).toBe(400);
  });

  it('tells where downloads are, in any of three places or nowhere', async () => {
    const { service } = (await call('GET', '')).json;
    const uri = new URL(service?.connection_info['user_backup_uri'] ?? '');
    expect(uri.username).toBe('avnadmin');
    expect(decodeURIComponent(uri.password)).toBe(ACCOUNT.password);
    aiven.switches.uriPlace = 'service_uri_params';
    const second = (await call('GET', '')).json.service;
    expect(second?.connection_info).not.toHaveProperty('user_backup_uri');
    expect(second?.service_uri_params['user_backup_uri']).toBe(uri.href);
    aiven.switches.uriPlace = 'components';
    const third = (await call('GET', '')).json.service;
    expect(third?.components).toContainEqual(
      expect.objectContaining({ component: 'user_backup', port: Number(uri.port) }),
    );
    aiven.switches.uriPlace = 'nowhere';
    expect(JSON.stringify((await call('GET', '')).json)).not.toContain('user_backup_uri');
  });

  it('closes idle connections without having said so', async () => {
    await start({ idleCloseMs: 100 });
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    const closed = new Promise<boolean>((resolve, reject) => {
      httpGet(`${aiven.url}/v1/`, { agent }, (response) => {
        const said = response.headers['keep-alive'] !== undefined;
        response.socket.once('close', () => resolve(said));
        response.resume();
      }).on('error', reject);
    });
    expect(await closed).toBe(false);
    agent.destroy();
  });
});

describe('the download host', () => {
  it('serves what a real InfluxDB 1 wrote, once the task is done', async () => {
    expect((await download('one')).status).toBe(404);
    await backUp('one');
    const response = await download('one');
    const tar = await bytesOf(response);
    expect(response.headers.get('content-length')).toBe(String(tar.length));
    expect(tar.length % 10_240).toBe(0);
    expect(await listed(tar)).toEqual(await expectedMembers());
  });

  it.each([
    ['dot', './'],
    ['nested', 'one/'],
  ] as const)('puts the files into another layout: %s', async (layout, folder) => {
    aiven.switches.layout = layout;
    await backUp('one');
    const names = await listed(await bytesOf(await download('one')));
    expect(names).toEqual([folder, ...(await expectedMembers()).map((name) => folder + name)]);
  });

  it('wants the password of the service', async () => {
    await backUp('one');
    expect((await download('one', { authorization: 'Basic d3Jvbmc6d3Jvbmc=' })).status).toBe(401);
    aiven.switches.downloadAuth = false;
    expect((await download('one', { authorization: '' })).status).toBe(200);
  });

  it('keeps one backup only: a new one replaces it', async () => {
    await backUp('one');
    const { json } = await createTask('two');
    expect((await download('one')).status).toBe(404);
    expect((await download('two')).status).toBe(404);
    await call('GET', `/task/${json.task?.task_id}`);
    await call('GET', `/task/${json.task?.task_id}`);
    expect((await download('two')).status).toBe(200);
    expect((await download('one')).status).toBe(404);
    aiven.switches.oldName = 'new bytes';
    expect((await download('one')).status).toBe(200);
  });

  it('is not ready at once when told so', async () => {
    aiven.switches.notReady = 2;
    await backUp('one');
    const statuses = [await download('one'), await download('one'), await download('one')];
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 200]);
  });

  it('serves ranges while the file is the same', async () => {
    await backUp('one');
    const whole = await download('one');
    const etag = whole.headers.get('etag') ?? '';
    const tar = await bytesOf(whole);
    const rest = await download('one', { range: 'bytes=1000-', 'if-range': etag });
    expect([rest.status, rest.headers.get('content-range')]).toEqual([
      206,
      `bytes 1000-${tar.length - 1}/${tar.length}`,
    ]);
    expect((await bytesOf(rest)).equals(tar.subarray(1000))).toBe(true);
    aiven.switches.etagChanges = 1;
    expect((await download('one', { range: 'bytes=1000-', 'if-range': etag })).status).toBe(200);
    aiven.switches.etag = 'weak';
    expect((await download('one')).headers.get('etag')).toMatch(/^W\//);
    aiven.switches.ranges = false;
    expect((await download('one', { range: 'bytes=1000-' })).status).toBe(200);
  });

  it('ends in the middle as if that were the end, when it told no length', async () => {
    await backUp('one');
    const whole = await bytesOf(await download('one'));
    Object.assign(aiven.switches, { contentLength: false, downloadCut: 1 });
    expect((await bytesOf(await download('one'))).length).toBe(whole.length / 2);
    aiven.switches.downloadReset = 1;
    await expect(download('one').then(bytesOf)).rejects.toThrow();
  });

  it('goes on with the bytes of another backup when somebody replaces the file', async () => {
    await backUp('one');
    const whole = await bytesOf(await download('one'));
    Object.assign(aiven.switches, { replacedWhileDownloading: 1, damage: 'bad gzip' });
    const mixed = await bytesOf(await download('one'));
    expect(mixed.length).toBe(whole.length);
    expect((await download('one')).status).toBe(404);
  });

  it.each(DAMAGES.filter((damage) => damage !== 'none'))(
    'serves a tar that is damaged: %s',
    async (damage) => {
      await backUp('one');
      const whole = await bytesOf(await download('one'));
      aiven.switches.damage = damage;
      await backUp('two');
      expect((await bytesOf(await download('two'))).equals(whole)).toBe(false);
    },
  );

  it('speaks TLS', async () => {
    const certificate = await makeCertificate();
    await aiven.stop();
    aiven = await startAivenSimulator({ tls: certificate });
    expect([aiven.url.slice(0, 5), aiven.downloadUrl.slice(0, 5)]).toEqual(['http:', 'https']);
    await backUp('one');
    const status = await new Promise((resolve, reject) => {
      get(
        `${aiven.downloadUrl}/backups/one.tar`,
        { ca: certificate.cert, headers: { authorization: login } },
        (response) => resolve(response.resume().statusCode),
      ).on('error', reject);
    });
    expect(status).toBe(200);
    await certificate.folder.remove();
  });
});

describe('the simulator', () => {
  it('remembers who was shown the token of the API', async () => {
    await backUp('one');
    await download('one');
    expect(
      aiven.requests.map(({ host, scheme, carriesToken }) => [host, scheme, carriesToken]),
    ).toEqual([
      ['control', 'aivenv1', true],
      ['control', 'aivenv1', true],
      ['control', 'aivenv1', true],
      ['download', 'Basic', false],
    ]);
    expect(JSON.stringify(aiven.requests)).not.toContain(ACCOUNT.token);
  });

  it('lets another process turn its switches', async () => {
    const post = (path: string, body: string[]) =>
      fetch(`${aiven.url}/__sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
    await post('switch', ['state=POWEROFF', 'tryAgainIn=3', 'taskFails=2', 'forbidden']);
    expect(aiven.switches).toMatchObject({ state: 'POWEROFF', tryAgainIn: 3, taskFails: 2 });
    await post('calm', []);
    expect(aiven.switches).toMatchObject({ state: 'RUNNING', forbidden: false });
    await post('replace', ['theirs']);
    expect(aiven.state.slot?.name).toBe('theirs');
    expect((await post('nothing', [])).status).toBe(400);
    expect(() => parseSwitch('nothing')).toThrow('no switch nothing');
  });
});

const FIXTURE = new URL('../../fixtures/influxdb-v1-portable/', import.meta.url);

async function expectedMembers(): Promise<string[]> {
  const text = await readFile(new URL('expected.json', FIXTURE), 'utf8');
  return (JSON.parse(text) as { members: string[] }).members;
}

/** By the tar of the system, so that not only our own code says that it is one. */
async function listed(tar: Buffer): Promise<string[]> {
  await using folder = await temporaryFolder('tar');
  const path = join(folder.path, 'x.tar');
  await writeFile(path, tar);
  const { stdout } = await promisify(execFile)('tar', ['tf', path]);
  return stdout.trim().split('\n');
}
