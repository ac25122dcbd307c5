import { readdir, readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { Client } from '@temporalio/client';

/** Histories, descriptions and pages of every run, by where they were found. */
export async function readRuns(client: Client): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  for await (const { workflowId, runId } of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const history = textIn(await handle.fetchHistory());
    const described = textIn(await handle.describe());
    seen.set(`history of ${workflowId} ${runId}`, `${history}\n${described}`);
    if (workflowId.includes('/test/')) {
      const page = JSON.stringify(await handle.query('__temporal_workflow_metadata'));
      seen.set(`page of ${workflowId}`, page);
    }
  }
  return seen;
}

/** Where one of the secrets stands, also encoded as in URLs and in Base64. */
export function placesOf(secret: string, seen: ReadonlyMap<string, string>): string[] {
  const forms = [
    secret,
    Buffer.from(secret).toString('base64').slice(2, -4),
    encodeURIComponent(secret),
  ];
  return [...seen]
    .filter(([, text]) => forms.some((form) => text.includes(form)))
    .map(([place]) => place);
}

export function readable(bytes: Buffer): string {
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (zipped ? gunzipSync(bytes) : bytes).toString('latin1');
}

/** Of every process on this machine, with what separates the arguments. */
export async function commandLines(): Promise<string> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''));
  return (await Promise.all(lines)).join('\n');
}

/** Everything in an object that a person could read, bytes as text. */
function textIn(value: unknown, known = new Set<unknown>()): string {
  if (value instanceof Uint8Array) return readable(Buffer.from(value));
  if (typeof value !== 'object' || value === null) return String(value);
  if (known.has(value)) return '';
  known.add(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name}: ${textIn(inner, known)}`)
    .join('\n');
}
