import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { findTool } from '../infra/tools/find-tool.ts';
import { TOOLS, type ToolName } from '../infra/tools/table.ts';
import { stolenShare } from './stolen-time.ts';

export interface Machine {
  /** Cores, memory, and what else was going on. */
  size: string;
  versions: string;
}

export async function describeMachine(): Promise<Machine> {
  const gibibytes = Math.round(totalmem() / 1024 ** 3);
  const load = loadavg()[0]?.toFixed(1);
  const stolen = (stolenShare() * 100).toFixed(0);
  const model = cpus()[0]?.model ?? 'unknown processor';
  const tools: ToolName[] = ['temporal', 'versitygw', 'influxd', 'influx'];
  const versions = await Promise.all(tools.map(versionOf));
  return {
    size: `${availableParallelism()} cores (${model}), ${gibibytes} GiB, load ${load} at the end, ${stolen} % of the processors' time taken by the host for others`,
    versions: [`Node ${process.versions.node}`, ...versions, await versionOfAws()].join(', '),
  };
}

async function versionOf(name: ToolName): Promise<string> {
  const path = await findTool(name, { build: false }).catch(() => undefined);
  if (path === undefined) return `${name} not at hand`;
  const { reports, version } = TOOLS[name];
  const told = reports?.pattern.exec(await output(path, ...reports.arguments))?.[1];
  // What was built from source without a tag does not know its version; it is the pinned one.
  const server = name === 'temporal' ? ' server' : '';
  return `${name}${server} ${told ?? version}`;
}

async function versionOfAws(): Promise<string> {
  const told = await output('aws', '--version');
  return `aws ${/\d+\.\d+\.\d+/.exec(told)?.[0] ?? 'not at hand'}`;
}

async function output(command: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, args).catch(() => ({
    stdout: '',
    stderr: '',
  }));
  return stdout + stderr;
}
