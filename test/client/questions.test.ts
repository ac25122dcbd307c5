import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startWorld, type World } from '../workflows/world.ts';
import { hasTerminals, startInTerminal } from './in-terminal.ts';

const CTRL_C = '\u0003';
let world: World;
let env: Record<string, string>;

beforeAll(async () => {
  world = await startWorld({ shards: 3 });
  env = {
    HOLDFAST_CONFIG: world.holdfast.configPath,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: world.holdfast.namespace,
    TEST_SOURCE_TOKEN: world.source.token,
    TEST_SPARE_TOKEN: world.spare.token,
  };
  await world.holdfast.run('backup', { target: 'metrics' });
});
afterAll(() => world?.stop());
beforeEach(() => world.source.calm());

const start = (...args: string[]) => startInTerminal(args, env);

function runOf(screen: string) {
  const id = /started (\S+)/.exec(screen)?.[1] ?? '';
  return world.holdfast.client.workflow.getHandle(id);
}

describe.skipIf(!hasTerminals)('Ctrl-C in a command that follows a run', () => {
  it('asks, and detaches on Enter: the run goes on', async () => {
    world.source.switches.firstByteMs = 600_000;
    const following = start('backup', 'metrics');
    await following.asked(/capturing metadata.*\n.* so far/);
    following.type(CTRL_C);
    await following.asked(/Detach \(the run goes on\) or cancel it\? \[D\/c\] /);
    following.type('\r');
    expect(await following.ended).toBe(130);
    expect(following.screen()).toContain('The run goes on. See it with: holdfast status');
    const bars = following
      .screen()
      .split('\n')
      .filter((line) => / so far|⠋/.test(line));
    expect(bars.filter((line) => line.length > 80)).toEqual([]);
    const run = runOf(following.screen());
    expect((await run.describe()).status.name).toBe('RUNNING');
    await run.signal('cancel');
    await expect(run.result()).rejects.toThrow();
  });

  it('asks, and cancels when told so: the command ends with the run', async () => {
    world.source.switches.firstByteMs = 600_000;
    const following = start('backup', 'metrics');
    await following.asked(/capturing metadata/);
    following.type(CTRL_C);
    await following.asked(/\[D\/c\] /);
    following.type('c\r');
    expect(await following.ended).toBe(6);
    expect((await runOf(following.screen()).describe()).status.name).toBe('CANCELLED');
  });
});

describe.skipIf(!hasTerminals)('Ctrl-C in holdfast cancel', () => {
  it('asks nothing: the cancel has been sent, and takes effect without the command', async () => {
    // On a queue that nobody polls: it cannot end before Ctrl-C is pressed.
    const run = await world.holdfast.client.workflow.start('backup', {
      taskQueue: 'nobody-polls-this',
      workflowId: 'backup/metrics/unattended',
      args: [{ target: 'metrics' }],
    });
    const cancel = start('cancel', run.workflowId);
    await cancel.asked(/cancelling backup\/metrics\/unattended/);
    cancel.type(CTRL_C);
    expect(await cancel.ended).toBe(130);
    expect(cancel.screen().replaceAll(/\s+/g, ' ')).toContain(
      'asked backup/metrics/unattended to end; the cancel is recorded, and takes effect without this terminal',
    );
    expect(cancel.screen()).not.toContain('Detach');
    await run.terminate('the test is over');
  });
});

describe.skipIf(!hasTerminals)('a restore', () => {
  const BUCKET = ['restore', 'metrics', '--bucket', 'telemetry'];

  it('shows its plan and asks, and restores after a yes', async () => {
    const restore = start(...BUCKET, '--rename', 'telemetry=asked-for');
    await restore.asked(/creates:\n {2}acme\/asked-for\n[^]*Restore\? \[y\/N\] /);
    restore.type('y\r');
    expect(await restore.ended).toBe(0);
    expect(restore.screen()).toMatch(/proven 3\s+artifacts\s+identical/);
  });

  it('does not go on after Ctrl-C while its plan is made', async () => {
    world.source.switches.silent = true;
    const restore = start(...BUCKET, '--rename', 'telemetry=unplanned');
    await restore.asked(/started restore\/metrics\/\S+-plan/);
    restore.type(CTRL_C);
    expect(await restore.ended).toBe(6);
    const screen = restore.screen().replaceAll(/\s+/g, ' ');
    expect(screen).toContain('Nothing was restored: only the plan was being made.');
    expect(screen).not.toContain('goes on');
    await expect(runOf(restore.screen()).result()).rejects.toThrow();
  });

  it('does nothing after anything else', async () => {
    const restore = start(...BUCKET, '--rename', 'telemetry=never');
    await restore.asked(/Restore\? \[y\/N\] /);
    restore.type(CTRL_C);
    expect(await restore.ended).toBe(4);
    expect(restore.screen()).toContain('Nothing was restored: the answer was not yes.');
  });

  it('that replaces something wants the name of the destination typed', async () => {
    const restore = start(...BUCKET, '--on-conflict', 'replace');
    await restore.asked(/Type the name of the destination to go on: /);
    restore.type('yes\r');
    expect(await restore.ended).toBe(4);
    expect(restore.screen()).toContain('"metrics" was not typed');
  });
});
