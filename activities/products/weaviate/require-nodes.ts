import { told } from '../../few.ts';
import { HoldfastError } from '../../failure.ts';
import type { Node } from './database.ts';
import type { Weaviate } from './session.ts';

/** Files of a node go to the node of the same name, or to the one that `nodeMapping` names. */
export function requireNodes(
  needed: readonly string[],
  live: Node[],
  { connection, client }: Pick<Weaviate, 'connection' | 'client'>,
): void {
  const there = new Set(live.map(({ name }) => name));
  const missing = needed.filter((node) => !there.has(connection.nodeMapping?.[node] ?? node));
  if (missing.length > 0) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `${client.server} has the nodes ${told([...there])}, and the backup needs ${told(missing)}.`,
      { hint: 'Say with `connection.nodeMapping` which node takes over from which.' },
    );
  }
  const takers = needed.map((node) => connection.nodeMapping?.[node] ?? node);
  const twice = takers.find((node, at) => takers.indexOf(node) !== at);
  if (twice === undefined) return;
  throw new HoldfastError(
    'CONFIG_INVALID',
    `\`connection.nodeMapping\` gives the node ${twice} the files of two nodes of the backup.`,
  );
}
