import type { SecretReference } from '../../workflows/contract/snapshot.ts';
import { HoldfastError } from '../failure.ts';
import { readSecret } from '../secrets.ts';

/**
 * The address of a webhook. It stays out of every sentence: its path is what protects it.
 * @throws CONFIG_INVALID, SECRET_MISSING
 */
export async function webhookUrl(webhook: SecretReference, target: string): Promise<URL> {
  const purpose = `the address of a webhook of target ${target}`;
  const text = (await readSecret(webhook, purpose)).reveal();
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text);
  const place = 'env' in webhook ? `environment variable ${webhook.env}` : `file ${webhook.file}`;
  throw new HoldfastError(
    'CONFIG_INVALID',
    `The ${place} should hold ${purpose}, and holds no URL that begins with https:// or http://.`,
  );
}
