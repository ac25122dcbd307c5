import { readFile } from 'node:fs/promises';
import type { SecretReference } from '../workflows/contract/snapshot.ts';
import { HoldfastError } from './failure.ts';

/** A value that prints as `[redacted]` wherever it is logged or serialised; `reveal` is the only way to it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]';
  }
}

const LAST_BREAK = /\r?\n$/;

/**
 * Reads a secret where it is used, at the moment it is used, so that a rotated file counts at once.
 * A trailing line break is not part of a secret.
 * @param purpose for the failure's sentence: `the token of target metrics`
 * @throws SECRET_MISSING
 */
export async function readSecret(reference: SecretReference, purpose: string): Promise<Secret> {
  if ('env' in reference) {
    const value = process.env[reference.env]?.replace(LAST_BREAK, '');
    if (value) return new Secret(value);
    throw new HoldfastError(
      'SECRET_MISSING',
      `${capitalised(purpose)} should be in the environment variable ${reference.env}, which is not set here.`,
    );
  }
  try {
    const value = (await readFile(reference.file, 'utf8')).replace(LAST_BREAK, '');
    if (value) return new Secret(value);
  } catch (cause) {
    throw new HoldfastError(
      'SECRET_MISSING',
      `${capitalised(purpose)} should be in the file ${reference.file}, which cannot be read here.`,
      { cause },
    );
  }
  throw new HoldfastError(
    'SECRET_MISSING',
    `${capitalised(purpose)} should be in the file ${reference.file}, which is empty.`,
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
