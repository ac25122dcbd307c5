import { open } from 'node:fs/promises';
import { TsmFault } from './tsm-fault.ts';

/** The bytes of a TSM file, wherever they lie. */
export interface TsmSource {
  readonly size: number;
  /** Exactly so many bytes, which must not be changed. @throws TsmFault when the file ends before */
  read(position: number, bytes: number): Promise<Buffer> | Buffer;
  close(): Promise<void>;
}

export async function openTsmFile(path: string): Promise<TsmSource> {
  const file = await open(path);
  const { size } = await file.stat();
  return {
    size,
    async read(position, bytes) {
      const buffer = Buffer.allocUnsafe(bytes);
      for (let filled = 0; filled < bytes;) {
        const { bytesRead } = await file.read(buffer, filled, bytes - filled, position + filled);
        if (bytesRead === 0) throw new TsmFault('ends early');
        filled += bytesRead;
      }
      return buffer;
    },
    close: () => file.close(),
  };
}

/** A file that lies in memory. */
export function tsmInMemory(bytes: Buffer): TsmSource {
  return {
    size: bytes.length,
    read(position, length) {
      const piece = bytes.subarray(position, position + length);
      if (piece.length < length) throw new TsmFault('ends early');
      return piece;
    },
    close: () => Promise.resolve(),
  };
}
