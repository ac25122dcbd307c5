import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bits, bytes, integer, object, sequence, set, tagged, time, yes } from './der.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

export interface Certificate {
  /** Of the certificate alone: what a client is told to trust. */
  path: string;
  cert: Buffer;
  key: Buffer;
  folder: TemporaryFolder;
}

const DAY_MS = 24 * 3_600_000;
const COMMON_NAME = '2.5.4.3';
const ALTERNATIVE_NAMES = '2.5.29.17';
const CONSTRAINTS = '2.5.29.19';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** A certificate for 127.0.0.1 that nobody vouches for, made on the spot: no key is kept, and no program is needed. */
export async function makeCertificate(): Promise<Certificate> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(object(ECDSA_WITH_SHA256));
  const name = sequence(set(sequence(object(COMMON_NAME), tagged(0x0c, 'localhost'))));
  const names = sequence(tagged(0x87, Buffer.from([127, 0, 0, 1])), tagged(0x82, 'localhost'));
  const body = sequence(
    tagged(0xa0, integer(2)),
    integer(1),
    algorithm,
    name,
    sequence(time(new Date(Date.now() - DAY_MS)), time(new Date(Date.now() + DAY_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      0xa3,
      sequence(
        sequence(object(CONSTRAINTS), yes(), bytes(sequence(yes()))),
        sequence(object(ALTERNATIVE_NAMES), bytes(names)),
      ),
    ),
  );
  const der = sequence(body, algorithm, bits(sign('sha256', body, privateKey)));
  const text = der.toString('base64').replaceAll(/.{1,64}/g, '$&\n');
  const cert = Buffer.from(`-----BEGIN CERTIFICATE-----\n${text}-----END CERTIFICATE-----\n`);
  const folder = await temporaryFolder('certificate');
  const path = join(folder.path, 'certificate.pem');
  writeFileSync(path, cert);
  const key = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return { path, cert, key, folder };
}
