import { type Exchange, noRoute, Refusal } from '../exchange.ts';

/**
 * Backups and restores are a matter of the node that compacts. How another one answers, the documents disagree on.
 * @throws Refusal
 */
export function demandEngine({ node, cluster, switches, call }: Exchange): void {
  if (!cluster.profile.backups) throw noRoute();
  const compacts = node.role === 'all' || node.role === 'compact';
  if (compacts && node.engine === 'upgraded') return;
  if (switches.absence === 'openapi') {
    if (call === 'cancelRestore') throw new Refusal(404, 'restore engine not present on this node');
    throw new Refusal(503, `${kind(call)} engine not present on this node`);
  }
  if (node.engine === 'parquet' || node.role === 'ingest') throw noRoute();
  throw new Refusal(503, `${kind(call)} engine not present on this node`);
}

function kind(call: Exchange['call']): string {
  return call?.includes('estore') ? 'restore' : 'backup';
}
