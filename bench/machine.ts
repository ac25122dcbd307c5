import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { findTool } from '../infra/tools/find-tool.ts';
import type { ToolName } from '../infra/tools/table.ts';

export interface Machine {
  /** Cores, memory, and what else was going on. */
  size: string;
  versions: string;
}

export async function describeMachine(): Promise<Machine> {
  const gibibytes = Math.round(totalmem() / 1024 ** 3);
  const load = loadavg()[0]?.toFixed(1);
  const model = cpus()[0]?.model ?? 'unknown processor';
  const tools: ToolName[] = ['temporal', 'versitygw', 'influxd', 'influx'];
  const versions = await Promise.all(tools.map(versionOf));
  return {
    size: `${availableParallelism()} cores (${model}), ${gibibytes} GiB, load ${load} at the end`,
    versions: [`Node ${process.versions.node}`, ...versions, await versionOfAws()].join(', '),
  };
}

async function versionOf(name: ToolName): Promise<string> {
  const path = await findTool(name, { build: false }).catch(() => undefined);
  if (path === undefined) return `${name} not at hand`;
  const argument = name.startsWith('influx') ? 'version' : '--version';
  return `${name} ${firstVersion(await output(path, argument))}`;
}

async function versionOfAws(): Promise<string> {
  return `aws ${firstVersion(await output('aws', '--version'))}`;
}

async function output(command: string, argument: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, [argument]).catch(() => ({
    stdout: '',
    stderr: '',
  }));
  return stdout + stderr;
}

function firstVersion(text: string): string {
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'of unknown version';
}
