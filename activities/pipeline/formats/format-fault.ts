/**
 * Bytes that are not what they should be. Whoever reads them knows whether a database sent them (SOURCE_*) or a store
 * kept them (BACKUP_DAMAGED) and translates.
 */
export class FormatFault extends Error {
  /** `truncated`: there should have been more. `garbled`: this should not have been there. */
  readonly kind: 'truncated' | 'garbled';

  /** @param message the end of a sentence that begins with the name of the artifact: `is a tar that …` */
  constructor(kind: 'truncated' | 'garbled', message: string) {
    super(message);
    this.name = 'FormatFault';
    this.kind = kind;
  }
}
