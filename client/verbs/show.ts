import type { Command } from 'commander';
import { readChainObjects } from '../../activities/catalog/chain.ts';
import {
  collectedObjects,
  readableCopy,
  type Collected,
} from '../../activities/catalog/collected.ts';
import {
  copyStateOf,
  isSameFailureDomain,
  type CopyState,
} from '../../activities/catalog/copy-state.ts';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import { readObjects } from '../../activities/catalog/objects.ts';
import { newestProof, type ProofSummary } from '../../activities/catalog/proofs.ts';
import { targetOf } from '../../activities/config/config.ts';
import type { Store } from '../../activities/stores/store.ts';
import { namedBackup } from '../local/named-backup.ts';
import { humanBytes, humanTime, plural } from '../terminal/figures.ts';
import { renderPairs, renderTable } from '../terminal/table.ts';
import { warningLines } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';

type Listed = Pick<ObjectLine, 'path' | 'role' | 'subject' | 'bytes'>;

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
      const { timeouts } = targetOf(await call.config(), target);
      const { store, manifest, passedOver } = await namedBackup(call, target, backup);
      const proof = await newestProof(store, target, manifest.id);
      const collected = manifest.delegated && (await readableCopy(store, manifest));
      const copy = copyStateOf(manifest, collected, timeouts.copy);
      const objects = options.objects ? await objectsOf(store, manifest, collected) : undefined;
      const place = `${store.place}/${target}/${manifest.id}`;
      call.output.result(
        {
          place,
          manifest,
          ...(proof ? { proof } : {}),
          ...(copy ? { copy, sameFailureDomain: isSameFailureDomain(copy, collected) } : {}),
          ...(collected ? { collected } : {}),
          ...(objects ? { objects } : {}),
          ...(passedOver.length > 0 ? { passedOver } : {}),
        },
        [
          ...passedOver.map((reason) => `passed over ${reason}`),
          ...pairsOf(manifest, place, proof, copy && copyLine(copy, manifest, collected)),
          ...warningLines(manifest.warnings),
          ...(objects ? ['', ...objectLines(objects, call.output.tableWidth)] : []),
        ],
      );
    },
  );
}

/** Of what a database wrote by itself: those of its copy, else as the database's own storage has them. */
async function objectsOf(
  store: Store,
  manifest: Manifest,
  collected: Collected | undefined,
): Promise<Listed[]> {
  const objects: Listed[] = [];
  for await (const line of readObjects(store, manifest)) objects.push(line);
  if (collected) {
    for await (const line of collectedObjects(store, manifest, collected)) objects.push(line);
  } else {
    for await (const { key, ...object } of readChainObjects(store, manifest)) {
      objects.push({ path: key, ...object });
    }
  }
  return objects;
}

function copyLine(
  copy: CopyState,
  { delegated }: Manifest,
  collected: Collected | undefined,
): string {
  if (collected) {
    const beside = collected.sameFailureDomain
      ? ', and lost together with what it is a copy of'
      : '';
    return `${humanTime(collected.completed)}, ${collected.method}${beside}`;
  }
  const late = copy === 'overdue' ? 'OVERDUE' : 'not yet';
  return `${late}: its bytes lie in ${delegated?.place} beside the database alone`;
}

function pairsOf(
  manifest: Manifest,
  place: string,
  proof: ProofSummary | undefined,
  copy: string | undefined,
): string[] {
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
    ['copy', copy],
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

function objectLines(objects: Listed[], width: number): string[] {
  return renderTable(
    [
      { title: 'OBJECT', flexible: true },
      { title: 'ROLE' },
      { title: 'SUBJECT', flexible: true },
      { title: 'BYTES', align: 'right' },
    ],
    objects.map(({ path, role, subject, bytes }) => [path, role, subject, humanBytes(bytes)]),
    width,
  );
}
