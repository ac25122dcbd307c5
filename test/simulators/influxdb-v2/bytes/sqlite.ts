const PAGE = 4096;

/** An empty sqlite database of one page, which sqlite itself opens. */
export function emptySqlite(): Buffer {
  const page = Buffer.alloc(PAGE);
  page.write('SQLite format 3\0', 0);
  page.writeUInt16BE(PAGE, 16);
  page.set([1, 1, 0, 64, 32, 32], 18);
  page.writeUInt32BE(1, 24);
  page.writeUInt32BE(1, 28);
  page.writeUInt32BE(4, 44);
  page.writeUInt32BE(1, 56);
  page.writeUInt32BE(1, 92);
  page.writeUInt32BE(3045000, 96);
  page[100] = 0x0d;
  page.writeUInt16BE(PAGE, 105);
  return page;
}

/** Whether the bytes are a sqlite database whose header agrees with their number. */
export function isSqlite(bytes: Buffer): boolean {
  if (bytes.length < 100 || bytes.toString('latin1', 0, 16) !== 'SQLite format 3\0') return false;
  return bytes.readUInt16BE(16) * bytes.readUInt32BE(28) === bytes.length;
}
