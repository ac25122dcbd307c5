import { chmod, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { describe, expect, it, vi } from 'vitest';
import { checkClock } from '../../client/doctor/check-clock.ts';
import { checkFiles } from '../../client/doctor/check-files.ts';
import { checkStores } from '../../client/doctor/check-stores.ts';
import { checkTargets } from '../../client/doctor/check-targets.ts';
import { Invocation } from '../../client/invocation.ts';
import { load, withTarget } from '../config/load.ts';
import { startInfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { ALWAYS } from '../simulators/s3/faults.ts';
import { simulatedS3 } from '../stores/s3-simulator.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOUR_MS = 3_600_000;

describe('the doctor', () => {
  it('finds a file with a secret that others may read, and says how to close it', async () => {
    await using folder = await temporaryFolder('doctor');
    const path = join(folder.path, 'token');
    await writeFile(path, 'a-token');
    const config = await load(withTarget('', `{ url: http://a, token: { file: ${path} } }`));
    const look = async () =>
      (await checkFiles(config)).find((check) => check.subject === path) ?? {};
    await chmod(path, 0o644);
    expect(await look()).toMatchObject({ level: 'problem', hint: `chmod 600 ${path}` });
    await chmod(path, 0o640);
    expect(await look()).toMatchObject({ level: 'ok', message: 'mode 640' });
  });

  it('does not advise to close a file of another user to the one who reads it', async () => {
    await using folder = await temporaryFolder('doctor');
    const path = join(folder.path, 'token');
    await writeFile(path, 'a-token');
    await chmod(path, 0o444);
    const config = await load(withTarget('', `{ url: http://a, token: { file: ${path} } }`));
    const { uid } = await stat(path);
    const user = vi.spyOn(process, 'getuid').mockReturnValue(uid + 1000);
    const checks = await checkFiles(config);
    user.mockRestore();
    expect(checks.find((check) => check.subject === path)).toMatchObject({
      level: 'problem',
      hint: `chown ${uid + 1000} ${path} && chmod 600 ${path}`,
    });
  });

  it('says of a store what it does in another way, and does not list it as able to', async () => {
    const s3 = await simulatedS3();
    const header = { kind: 'ignored-header', header: 'if-none-match' } as const;
    s3.simulator.plan({ on: 'PutObject', fault: header, times: ALWAYS });
    await using folder = await temporaryFolder('doctor');
    const config = join(folder.path, 'holdfast.yaml');
    const { name, partSize: _, ...settings } = s3.settings;
    await writeFile(config, JSON.stringify({ stores: { [name]: settings }, targets: {} }));
    const call = new Invocation({ config });
    const checks = await checkStores(call);
    await call.close();
    await s3.close();
    expect(checks.find(({ level }) => level === 'ok')?.message).not.toContain('create once');
    const noted = (message: string) =>
      expect.objectContaining({
        level: 'note',
        message: expect.stringContaining(message) as string,
      }) as unknown;
    expect(checks).toContainEqual(noted('create once: The store does not obey `If-None-Match`'));
  });

  it('tries the encryption and every secret of a target, also what only a restore needs', async () => {
    await using folder = await temporaryFolder('doctor');
    const source = await startInfluxSimulator({});
    const [own, strange] = [await generateIdentity(), await generateIdentity()];
    const secret = async (name: string, value: string) => {
      await writeFile(join(folder.path, name), value, { mode: 0o600 });
      return `{ file: ${join(folder.path, name)} }`;
    };
    const token = await secret('token', source.token);
    const recipient = await identityToRecipient(own);
    const problems = async (recipients: string, identity: string, later = token) => {
      const encryption = `    encryption: { recipients: [${recipients}], identity: ${identity} }`;
      const connection = `{ url: "${source.url}", token: ${token}, tokenAfterRestore: ${later} }`;
      const checks = await checkTargets(await load(withTarget(encryption, connection)));
      return checks.filter(({ level }) => level === 'problem').map(({ message }) => message);
    };
    const fitting = await secret('own', own);
    const absent = '{ file: /nosuch/file }';
    expect(await problems(recipient, fitting)).toEqual([]);
    expect(await problems(recipient, absent)).toEqual([
      expect.stringMatching(
        /^No encrypted backup of target metrics can be restored on this host: .* \/nosuch\/file, /,
      ),
    ]);
    expect(await problems(recipient, await secret('strange', strange))).toEqual([
      expect.stringMatching(/ belongs to none of its recipients\.$/),
    ]);
    const misspelt = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`;
    expect(await problems(misspelt, fitting)).toEqual([
      expect.stringMatching(/^The encryption recipient .* is not usable/),
    ]);
    expect(await problems(recipient, fitting, absent)).toEqual([
      expect.stringMatching(/^`connection\.tokenAfterRestore` of target metrics should be in /),
    ]);
    await source.stop();
  });

  it.each([
    [2 * HOUR_MS, 'problem', /^this host is 2 h 00 min behind|^this host is 1 h 59 min behind/],
    [-2 * HOUR_MS, 'problem', /^this host is 2 h 00 min ahead/],
    [0, 'ok', /^agrees with this host/],
  ])('compares its clock with one that is %d ms ahead', async (aheadMs, level, message) => {
    const server = createServer((_, response) => {
      response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const checks = await checkClock(
      await load(withTarget('', `{ url: "${url}", token: { env: T } }`)),
    );
    server.close();
    expect(checks).toEqual([
      expect.objectContaining({
        subject: 'target metrics',
        level,
        message: expect.stringMatching(message) as string,
      }),
    ]);
  });

  it('compares its clock with every address of a target, whatever it is called', async () => {
    const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [node, other] = [`127.0.0.1:${port}`, `localhost:${port}`];
    const connection = `{ nodes: ["http://${node}", "http://${other}"], token: { env: T }, clusterId: c1, storage: { type: directory, path: /data } }`;
    const config = await load(
      `stores: { disk: { type: directory, path: /backups } }\ntargets: { three: { product: influxdb-3-enterprise, store: disk, connection: ${connection} } }`,
    );
    const checks = await checkClock(config);
    server.close();
    expect(checks.map(({ subject, level }) => [subject, level])).toEqual([
      [`target three (${node})`, 'ok'],
      [`target three (${other})`, 'ok'],
    ]);
  });
});
