import type { StreamedProduct } from '../../activities/products/product.ts';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';

/** What people restore one by one: a bucket of an organisation, a class, a database. */
export interface Unit {
  /** What it belongs to; `''` where the product has no such thing. */
  group: string;
  name: string;
}

/** A server, real or simulated, as the suite needs it. */
export interface ProductServer extends AsyncDisposable {
  readonly url: string;
  /** The group that is there from the start. */
  readonly group: string;
  /** Every secret that its use involves. */
  readonly secrets: string[];
  /** The `connection` of a target that may do everything; `url` when it is reached by another way. */
  connection(url?: string): Record<string, unknown>;
  /** With credentials that the server has never heard of. */
  strangeConnection(): Record<string, unknown>;
  /** With credentials that are known, and not enough. */
  weakConnection(): Promise<Record<string, unknown>>;
  /** Adds data, and the unit and its group where they are not there. Another seed adds other data. */
  write(unit: Unit, seed: string): Promise<void>;
  /** Everything that a query sees of a unit, in a form that is equal when that is equal; undefined when it is not there. */
  contents(unit: Unit): Promise<unknown>;
  /** What people made, in order. */
  units(): Promise<Unit[]>;
  remove(unit: Unit): Promise<void>;
}

export interface ProductUnderTest {
  product: StreamedProduct;
  /** A fresh server without data of people. */
  start(): Promise<ProductServer>;
  /** How a request names what to restore. */
  ask: {
    unit(unit: Unit): Partial<RestoreRequest>;
    /** A reason, where the product has no groups. */
    group: ((group: string) => Partial<RestoreRequest>) | string;
    /** Under another name. */
    renamed: ((unit: Unit, name: string) => Partial<RestoreRequest>) | string;
    /** Everything, in the place of what the destination has. */
    whole: Partial<RestoreRequest> | string;
    /** `onConflict: replace` and `rename` beside what is there. */
    beside: true | string;
  };
  /** As the result of a restore names a unit. */
  readonly label: (unit: Unit) => string;
}
