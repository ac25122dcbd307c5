/** Of servers, nodes, and the storage where a product writes, whatever a product calls them. */
export function addressesIn(connection: object): string[] {
  return Object.values(connection).flatMap((value: unknown): string[] => {
    if (typeof value === 'string') return /^https?:\/\//.test(value) ? [value] : [];
    return typeof value === 'object' && value !== null ? addressesIn(value) : [];
  });
}
