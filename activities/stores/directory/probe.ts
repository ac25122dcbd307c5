import { statfs, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { FAILURES } from '../../../workflows/contract/failures.ts';
import { HoldfastError } from '../../failure.ts';
import type { CallOptions, ProbeFinding, Store } from '../store.ts';

/** Tries what a backup does, in a folder of its own that is empty afterwards. */
export async function probeDirectory(
  store: Store,
  root: string,
  options: CallOptions,
): Promise<ProbeFinding[]> {
  const key = `.holdfast-probe/${randomUUID()}`;
  const bytes = Buffer.from('Holdfast tries whether this directory can keep backups.\n');
  const findings: ProbeFinding[] = [];
  const isBlank = await store.isBlank?.(options).catch(() => false);
  const attempt = async (ability: string, message: string, run: () => Promise<void>) => {
    try {
      await run();
      findings.push({ ability, ok: true, level: 'required', message });
    } catch (error) {
      options.signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      const advice = error instanceof HoldfastError && hasOwnHint(error) ? ` ${error.hint}` : '';
      findings.push({ ability, ok: false, level: 'required', message: reason + advice });
    }
  };
  await attempt('write', 'An object can be created.', async () => {
    await store.put(key, bytes, options);
  });
  if (findings.every((finding) => finding.ok)) {
    await attempt('read', 'What was written is read back unchanged.', async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.read(key, options)) chunks.push(chunk);
      if (!Buffer.concat(chunks).equals(bytes)) throw new Error('What was read differs.');
    });
    await attempt('create once', 'An object is never overwritten.', async () => {
      const error = await store.put(key, bytes, options).catch((thrown: unknown) => thrown);
      if (!(error instanceof HoldfastError) || error.code !== 'OBJECT_EXISTS') {
        throw error instanceof Error ? error : new Error('An object was overwritten.');
      }
    });
    await attempt('remove', 'Objects can be removed.', () => store.remove([key], options));
    findings.push(await modeFinding(root), await roomFinding(root));
    if (isBlank) findings.push(BLANK);
  }
  return findings;
}

/** That of its code mostly says to run the doctor, which is who asks here. */
function hasOwnHint({ code, hint }: HoldfastError): boolean {
  return hint !== FAILURES[code].hint;
}

const BLANK: ProbeFinding = {
  ability: 'new',
  ok: true,
  noted: true,
  level: 'advised',
  message: 'Nothing was put here yet. If there should be backups, the disk is not mounted.',
};

async function modeFinding(root: string): Promise<ProbeFinding> {
  const mode = (await stat(root)).mode & 0o777;
  const ok = (mode & 0o077) === 0;
  const message = ok
    ? 'Only its owner can enter the directory.'
    : `Others can enter ${root} (mode ${mode.toString(8)}); \`chmod 700\` keeps them out.`;
  return { ability: 'privacy', ok, level: 'advised', message };
}

async function roomFinding(root: string): Promise<ProbeFinding> {
  const { bavail, blocks, bsize } = await statfs(root);
  const free = (bavail * bsize) / 1024 ** 3;
  const ok = bavail > blocks / 10;
  const message = `${free.toFixed(1)} GiB are free.`;
  return { ability: 'room', ok, level: 'advised', message };
}
