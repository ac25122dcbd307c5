/** An age file that cannot be opened here. Whoever reads it knows its name, and translates. */
export class AgeFault extends Error {
  /** `no identity`: it may be sound, but it was written for other keys. */
  readonly kind: 'damaged' | 'no identity';

  /** @param message the end of a sentence that begins with the name of the object */
  constructor(kind: AgeFault['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AgeFault';
    this.kind = kind;
  }
}
