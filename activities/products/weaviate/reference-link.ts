const BEACON = /^weaviate:\/\/[^/]*(\/.+)$/;
const LINK = /\/v1\/objects(?:\/[^/]+){1,2}$/;

/**
 * A reference as it is kept: when it answers, a server adds a link to it that begins with its own ORIGIN and says
 * nothing that the beacon does not.
 */
export function withoutLink(value: Record<string, unknown>): Record<string, unknown> {
  const { href, ...kept } = value;
  if (typeof href !== 'string' || typeof kept['beacon'] !== 'string') return value;
  const path = BEACON.exec(kept['beacon'])?.[1];
  return path !== undefined && LINK.test(href) && href.endsWith(path) ? kept : value;
}
