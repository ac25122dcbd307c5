import { HoldfastError } from '../../failure.ts';
import { readSecret, Secret } from '../../secrets.ts';
import type { Service } from './answers.ts';
import type { Connection } from './config.ts';

/** Where the backups of a service are downloaded. Nothing of it but the host ever stands in a message. */
export interface BackupAddress {
  /** Without credentials, and without a slash at its end. */
  url: string;
  host: string;
  /** For `Authorization: Basic`; never the token of the API. */
  login: Secret | undefined;
}

const PUBLIC = 'public-';

/**
 * The address of downloads. The vendor has never published where the service tells it, so it is looked for in every
 * place where it may be.
 * @throws CONFIG_INVALID when it is nowhere
 */
export async function backupAddress(
  service: Service,
  connection: Connection,
  server: string,
): Promise<BackupAddress> {
  const told = connection.downloadUrl ?? addressTold(service, connection.access);
  const url = told === undefined ? undefined : parsed(told);
  if (!url) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `${server} does not tell where its backups are downloaded.`,
      {
        hint: 'Turn on `public_access.user_backup` (or the private one) in the settings of the service, or give the address as `connection.downloadUrl`.',
      },
    );
  }
  const login = await loginOf(url, service, connection);
  url.username = '';
  url.password = '';
  if (connection.access === 'public' && connection.downloadUrl === undefined) {
    url.hostname = publicHost(url.hostname);
  }
  return { url: url.href.replace(/\/$/, ''), host: url.hostname, login };
}

/** The public twin of a host in a private network. */
export function publicHost(host: string): string {
  return host.startsWith(PUBLIC) ? host : PUBLIC + host;
}

/** Which of several routes to the same files, the first that there is. */
const ROUTES: Record<Connection['access'], string[]> = {
  'as-told': ['dynamic', 'private', 'public'],
  public: ['public', 'dynamic', 'private'],
};

function addressTold(
  { connection_info, service_uri_params, components }: Service,
  access: Connection['access'],
): string | undefined {
  for (const place of [connection_info, service_uri_params]) {
    const uri = place?.['user_backup_uri'];
    if (typeof uri === 'string' && uri !== '') return uri;
  }
  const routes =
    components?.filter(({ component, host }) => component === 'user_backup' && host) ?? [];
  const preferred = ROUTES[access].map((wanted) => routes.find(({ route }) => route === wanted));
  const found = preferred.find((one) => one !== undefined) ?? routes[0];
  if (!found) return undefined;
  const scheme = found.ssl === false ? 'http' : 'https';
  const port = typeof found.port === 'number' ? `:${found.port}` : '';
  return `${scheme}://${found.host}${port}${found.path ?? ''}`;
}

function parsed(uri: string): URL | undefined {
  try {
    const url = new URL(uri);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** In this order: what the configuration says, what the address holds, the users of the service. */
async function loginOf(
  url: URL,
  { users, connection_info }: Service,
  { username, password }: Connection,
): Promise<Secret | undefined> {
  const basic = (user: string, word: string) =>
    new Secret(Buffer.from(`${user}:${word}`).toString('base64'));
  if (password) {
    const secret = await readSecret(password, 'the password of the download');
    return basic(username ?? 'avnadmin', secret.reveal());
  }
  if (url.username !== '') {
    return basic(decodeURIComponent(url.username), decodeURIComponent(url.password));
  }
  const user = users?.find((one) => one.username === (username ?? 'avnadmin'));
  if (user?.username && user.password) return basic(user.username, user.password);
  const [name, word] = [
    connection_info?.['influxdb_username'],
    connection_info?.['influxdb_password'],
  ];
  return typeof name === 'string' && typeof word === 'string' ? basic(name, word) : undefined;
}
