import { HoldfastError } from '../failure.ts';

/** The store kept objects that it was asked to remove: a retention lock, or a permission that is missing. */
export class ObjectsRetained extends HoldfastError {
  readonly keys: readonly string[];

  constructor(store: string, keys: readonly string[], code: string) {
    const first = keys[0] ?? '';
    const more = keys.length > 1 ? ` and ${keys.length - 1} more` : '';
    super('STORE_DENIED', `${store} refused to remove ${first}${more}: access denied (${code}).`, {
      hint: 'Retention or a legal hold may protect them; otherwise grant the permission to delete.',
    });
    this.keys = keys;
  }
}
