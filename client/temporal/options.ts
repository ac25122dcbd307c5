import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Config } from '../../activities/config/config.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { readSecret } from '../../activities/secrets.ts';

type Loaded = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

export interface TemporalOptions {
  /** For `Connection` and `NativeConnection` alike. */
  connectionOptions: Loaded & { address: string };
  namespace: string;
}

/** Where `holdfast dev` listens unless told otherwise. */
export const DEV_ADDRESS = '127.0.0.1:7233';

/**
 * How to reach Temporal: each setting from the section `temporal` of the configuration, else from TEMPORAL_* variables
 * and temporal.toml, else as `holdfast dev` has it.
 * @throws CONFIG_INVALID, SECRET_MISSING
 */
export async function temporalOptions(settings: Config['temporal']): Promise<TemporalOptions> {
  const loaded = fromEnvironment(settings.profile);
  const apiKey = settings.apiKey
    ? (await readSecret(settings.apiKey, 'the API key of Temporal')).reveal()
    : loaded.connectionOptions.apiKey;
  const tls = (await tlsOf(settings.tls)) ?? loaded.connectionOptions.tls;
  const options = {
    ...loaded.connectionOptions,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined && apiKey === undefined ? {} : { tls: tls ?? true }),
    address: settings.address ?? loaded.connectionOptions.address ?? DEV_ADDRESS,
  };
  return {
    connectionOptions: withoutUndefined(options),
    namespace: settings.namespace ?? loaded.namespace ?? 'default',
  };
}

function fromEnvironment(profile: string | undefined) {
  try {
    return loadClientConnectConfig(profile === undefined ? {} : { profile });
  } catch (cause) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `The settings of Temporal (temporal.toml, TEMPORAL_* variables) cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
}

async function tlsOf(tls: Config['temporal']['tls']): Promise<Loaded['tls']> {
  if (tls === undefined || typeof tls === 'boolean') return tls;
  const read = async (reference: typeof tls.ca, what: string) =>
    reference && Buffer.from((await readSecret(reference, `the ${what} for Temporal`)).reveal());
  const ca = await read(tls.ca, 'certificate authority');
  const crt = await read(tls.certificate, 'certificate');
  const key = await read(tls.key, 'key');
  return {
    ...(tls.serverName ? { serverNameOverride: tls.serverName } : {}),
    ...(ca ? { serverRootCACertificate: ca } : {}),
    ...(crt && key ? { clientCertPair: { crt, key } } : {}),
  };
}

/** The connection takes an undefined field for a setting. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}
