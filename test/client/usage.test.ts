import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../client/program.ts';
import { commandForNode } from '../support/command-bundle.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { run } from './command.ts';

let folder: TemporaryFolder;
let config: string;

beforeAll(async () => {
  folder = await temporaryFolder('usage');
  config = join(folder.path, 'holdfast.yaml');
  await writeFile(
    config,
    'stores: { disk: { type: directory, path: ./backups } }\n' +
      'targets: { metrics: { product: influxdb-v2, connection: { url: "http://127.0.0.1:1", token: { env: T } }, store: disk } }\n',
  );
});
afterAll(() => folder.remove());

const program = await createProgram();

describe('the help', () => {
  const verbs = (command: Command): Command[] =>
    command.commands.flatMap((child) => (child.commands.length > 0 ? verbs(child) : [child]));

  it.each(
    verbs(program).map(
      (command) => [`${command.parent?.name()} ${command.name()}`, command] as const,
    ),
  )('has a description and an example, and fits 80 columns: %s', (_, command) => {
    let text = '';
    command.configureOutput({ writeOut: (more) => (text += more), getOutHelpWidth: () => 80 });
    command.outputHelp();
    expect(command.description()).not.toBe('');
    expect(text).toMatch(/Examples?:\n {2}\$ holdfast /);
    // Examples are commands, which do not wrap.
    const prose = text.split('\n').filter((line) => !/^ {2}[$#] /.test(line));
    expect(prose.filter((line) => line.length > 80)).toEqual([]);
  });

  it.each([
    ['all of it', program],
    ['schedules', program.commands.find((command) => command.name() === 'schedule')],
  ])('of %s fits 80 columns', (_, command) => {
    let text = '';
    command?.configureOutput({ writeOut: (more) => (text += more), getOutHelpWidth: () => 80 });
    command?.outputHelp();
    expect(text).toContain('Usage: holdfast');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('of a backfill names the times that a backup made up for late bears', () => {
    const schedule = program.commands.find((command) => command.name() === 'schedule');
    const backfill = schedule?.commands.find((command) => command.name() === 'backfill');
    let text = '';
    backfill?.configureOutput({ writeOut: (more) => (text += more) }).outputHelp();
    expect(text.replace(/\s+/g, ' ')).toContain('its id bears the time at which it began');
  });
});

describe('the command used wrongly', () => {
  it('tells an unknown verb with the nearest, and exits with 2', async () => {
    const { code, stdout, stderr } = await run(['bakcup', 'metrics']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^INPUT_INVALID: unknown command 'bakcup' \(Did you mean backup\?\)\n/);
  });

  it('puts nothing but the error on stdout with --json', async () => {
    const { code, objects, stderr } = await run(['backup', '--json']);
    expect(code).toBe(2);
    expect(stderr).toBe('');
    expect(objects).toEqual([
      {
        error: {
          code: 'INPUT_INVALID',
          message: "missing required argument 'target'.",
          hint: expect.stringContaining('--help') as string,
        },
      },
    ]);
  });

  it('lists the problems of the configuration, and exits with 2', async () => {
    const broken = join(folder.path, 'broken.yaml');
    await writeFile(broken, 'stores: {}\ntarget: {}\n');
    const { code, stderr } = await run(['list', '--config', broken]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^CONFIG_INVALID: .*broken\.yaml has one problem:\n {2}broken\.yaml:2: target/,
    );
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    [['show', 'metrisc'], 3, 'TARGET_UNKNOWN', /Did you mean "metrics"\?/],
    [
      ['backup', 'metrics'],
      7,
      'TEMPORAL_UNREACHABLE',
      /No Temporal server answers at 127\.0\.0\.1:1\./,
    ],
    [['status'], 7, 'TEMPORAL_UNREACHABLE', /127\.0\.0\.1:1/],
  ])('exits by the kind of failure: %j', async (args, code, failure, message) => {
    const ran = await run([...args, '--json'], {
      env: { HOLDFAST_CONFIG: config, TEMPORAL_ADDRESS: '127.0.0.1:1' },
    });
    expect(ran.code).toBe(code);
    expect(ran.result).toEqual({
      error: {
        code: failure,
        message: expect.stringMatching(message) as string,
        hint: expect.any(String) as string,
      },
    });
  });
});

describe('options that count', () => {
  it.each([
    [['worker', '--log-level', 'verbose'], /--log-level <level>.* Allowed choices are TRACE, .*\./],
    [['status', '--limit', 'abc'], /--limit <count>.* Give a whole number, 0 or more\./],
    [['dev', '--port', '65000'], /^The UI would have port 66000, .* ports end at 65535\.$/],
  ])('are refused where they mean nothing: %j', async (args, message) => {
    const { code, result } = await run([...args, '--json'], { env: { HOLDFAST_CONFIG: config } });
    expect(code).toBe(2);
    const expected = expect.stringMatching(message) as string;
    expect(result).toMatchObject({ error: { code: 'INPUT_INVALID', message: expected } });
  });
});

it('the command ends as it would when nobody listens to what it tells', async () => {
  const child = spawn(process.execPath, [...commandForNode(), 'bakcup'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.destroy();
  expect(await once(child, 'exit')).toEqual([2, null]);
});

describe('holdfast schema', () => {
  it('prints the schema alone', async () => {
    const { code, stdout } = await run(['schema']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
    });
  });
});
