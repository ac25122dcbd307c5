import { Digest } from '../digest.ts';
import type { Entry } from '../../catalog/manifest.ts';
import { TarParser } from '../tar/tar-parser.ts';
import type { Inspector } from './inspector.ts';

/** A tar, whole from its first header to its two blocks of zeros; lists its files with their hashes. */
export class TarInspector implements Inspector {
  readonly entries: Entry[] = [];
  #name = '';
  #digest: Digest | undefined;
  readonly #parser = new TarParser({
    file: (name) => {
      this.#name = name;
      this.#digest = new Digest();
    },
    data: (chunk) => this.#digest?.update(chunk),
    fileEnd: () => {
      const { bytes, sha256 } = this.#digest ?? new Digest();
      this.entries.push({ name: this.#name, bytes, sha256 });
    },
  });

  update(chunk: Uint8Array): void {
    this.#parser.update(chunk);
  }

  end(): void {
    this.#parser.end();
  }
}
