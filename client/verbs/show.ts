import type { Command } from 'commander';
import { findBackup } from '../../activities/catalog/find-backup.ts';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import { readObjects } from '../../activities/catalog/objects.ts';
import { newestProof, type ProofSummary } from '../../activities/catalog/proofs.ts';
import { targetOf } from '../../activities/config/config.ts';
import { humanBytes, humanTime, plural } from '../terminal/figures.ts';
import { renderPairs, renderTable } from '../terminal/table.ts';
import { warningLines } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

export function showVerb(program: Command): void {
  const command = program
    .command('show')
    .description('show one backup: what it holds, where it lies, how it was proven')
    .argument('<target>', 'a target of the configuration')
    .argument('[backup]', 'the id of a backup', 'latest')
    .option('--objects', 'list every object too');
  verb<{ objects?: boolean }>(
    command,
    {
      examples: ['show metrics', 'show metrics 2026-11-20t02-00-00z-7f3a1c --objects'],
      notes: 'Reads the store itself: it needs neither Temporal nor a worker.',
    },
    async (call, options, target = '', backup = 'latest') => {
      const { store: storeName } = targetOf(await call.config(), target);
      const store = await call.store(storeName);
      const { manifest, passedOver } = await findBackup(store, target, backup);
      const proof = await newestProof(store, target, manifest.id);
      const objects: ObjectLine[] = [];
      if (options.objects) {
        for await (const line of readObjects(store, manifest)) objects.push(line);
      }
      const place = `${store.place}/${target}/${manifest.id}`;
      call.output.result(
        { place, manifest, ...(proof ? { proof } : {}), ...(options.objects ? { objects } : {}) },
        [
          ...passedOver.map((reason) => `passed over ${reason}`),
          ...pairsOf(manifest, place, proof),
          ...warningLines(manifest.warnings),
          ...(options.objects ? ['', ...objectLines(objects)] : []),
        ],
      );
    },
  );
}

function pairsOf(manifest: Manifest, place: string, proof: ProofSummary | undefined): string[] {
  const { product, times, totals, encryption, note, tags } = manifest;
  return renderPairs([
    ['backup', manifest.id],
    ['state', manifest.state],
    ['product', `${product.name} ${product.version}`],
    ['captured', `${humanTime(times.captured.from)} to ${humanTime(times.captured.to)}`],
    ['completed', humanTime(times.completed)],
    ['content', `${plural(totals.artifacts, 'artifact')}, ${humanBytes(totals.plainBytes)}`],
    ['stored', `${humanBytes(totals.storedBytes)}, of it new ${humanBytes(totals.newBytes)}`],
    [
      'encryption',
      encryption ? `age, for ${plural(encryption.recipients.length, 'recipient')}` : 'none',
    ],
    [
      'proof',
      proof
        ? `${proof.operation}${proof.depth ? ` (${proof.depth})` : ''} ${proof.ok ? 'ok' : 'FAILED'}${proof.time ? `, ${humanTime(proof.time)}` : ''}`
        : 'none yet',
    ],
    ['note', note ?? undefined],
    [
      'tags',
      Object.entries(tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    ],
    ['run', manifest.run.workflowId],
    ['place', place],
  ]);
}

function objectLines(objects: ObjectLine[]): string[] {
  return renderTable(
    [
      { title: 'OBJECT', flexible: true },
      { title: 'ROLE' },
      { title: 'SUBJECT', flexible: true },
      { title: 'BYTES', align: 'right' },
    ],
    objects.map(({ path, role, subject, bytes }) => [path, role, subject, humanBytes(bytes)]),
  );
}
