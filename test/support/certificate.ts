import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

export interface Certificate {
  /** Of the certificate alone: what a client is told to trust. */
  path: string;
  cert: Buffer;
  key: Buffer;
  folder: TemporaryFolder;
}

const NAMES = 'subjectAltName=IP:127.0.0.1,DNS:localhost';

/** A certificate for 127.0.0.1 that nobody vouches for, made by `openssl` on the spot: no key is kept. */
export async function makeCertificate(): Promise<Certificate> {
  const folder = await temporaryFolder('certificate');
  const path = join(folder.path, 'certificate.pem');
  const key = join(folder.path, 'key.pem');
  execFileSync(
    'openssl',
    `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext ${NAMES}`
      .split(' ')
      .concat('-keyout', key, '-out', path),
    { stdio: 'ignore' },
  );
  return { path, cert: readFileSync(path), key: readFileSync(key), folder };
}
