import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollersOf } from '../../client/temporal/workers.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { commandForNode } from '../support/command-bundle.ts';
import { unattended, type Unattended } from './unattended.ts';

const FULL = '/dev/full';
let here: Unattended;

beforeAll(async () => {
  here = await unattended('unwritable');
});
afterAll(() => here?.[Symbol.asyncDispose]());

type Place = 'pipe' | number;

function start(args: string[], stdout: Place, stderr: Place = 'pipe'): ChildProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [...commandForNode(), ...args], {
    env: { PATH, HOME, ...here.env },
    stdio: ['ignore', stdout, stderr],
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', () => process.removeListener('exit', killAtExit));
  return child;
}

/** Whoever would read its stdout has gone before the first word. */
async function exitUnread(...args: string[]): Promise<unknown> {
  const child = start(args, 'pipe');
  child.stdout?.destroy();
  return (await once(child, 'exit'))[0];
}

describe('a command that follows a run, and whose reader goes away', () => {
  it('does not say that the backup is done', async () => {
    expect(await exitUnread('backup', 'metrics', '--wait', '--json')).toBe(1);
    const states = async () => {
      const found: string[] = [];
      const query = `WorkflowId STARTS_WITH 'backup/metrics/'`;
      for await (const { status } of here.session.client.workflow.list({ query })) {
        found.push(status.name);
      }
      return found;
    };
    await expect.poll(states).toEqual(['RUNNING']);
  });

  it('does not say that the run has ended', async () => {
    const run = await here.session.client.workflow.start('backup', {
      taskQueue: 'nobody-polls-this',
      workflowId: 'backup/metrics/unattended',
      args: [{ target: 'metrics' }],
    });
    expect(await exitUnread('cancel', run.workflowId, '--wait', '--json')).toBe(1);
  });

  it('is done when it was only to begin one', async () => {
    expect(await exitUnread('backup', 'metrics', '--detach', '--json')).toBe(0);
  });
});

describe.skipIf(!existsSync(FULL))('on a disk that is full', () => {
  let full: FileHandle;
  beforeAll(async () => {
    full = await open(FULL, 'w');
  });
  afterAll(() => full?.close());

  it('a result that cannot be written is told in a sentence', async () => {
    const child = start(['schema'], full.fd);
    let told = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (told += text));
    expect((await once(child, 'close'))[0]).toBe(1);
    expect(told).toMatch(/^SPOOL_FULL: The result cannot be written to stdout: ENOSPC.*\n.*\n$/);
  });

  it.each([[[]], [['--json']]])('a worker works on, whatever its log: %j', async (options) => {
    const child = start(['worker', ...options], full.fd, full.fd);
    const ended = once(child, 'exit');
    const polls = async () => {
      const pollers = await pollersOf(here.session, TASK_QUEUE, 'activity');
      return pollers.some(({ identity }) => identity.includes(String(child.pid)));
    };
    await expect.poll(polls).toBe(true);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
