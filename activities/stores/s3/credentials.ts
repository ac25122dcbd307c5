import type { StoreSettings } from '../../../workflows/contract/snapshot.ts';
import { readSecret } from '../../secrets.ts';

type References = NonNullable<Extract<StoreSettings, { type: 's3' }>['credentials']>;

/** Read when a client first needs them. A client lives until its credentials are refused; then a new one reads them again. */
export async function readCredentials(references: References, store: string) {
  const read = (reference: References['accessKeyId'], what: string) =>
    readSecret(reference, `the ${what} of store ${store}`);
  const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all([
    read(references.accessKeyId, 'access key id'),
    read(references.secretAccessKey, 'secret access key'),
    references.sessionToken && read(references.sessionToken, 'session token'),
  ]);
  return {
    accessKeyId: accessKeyId.reveal(),
    secretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken && { sessionToken: sessionToken.reveal() }),
  };
}
