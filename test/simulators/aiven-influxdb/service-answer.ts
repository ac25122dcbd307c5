import type { Account } from './account.ts';
import type { Switches } from './switches.ts';

/** What the control plane tells of the service. `download` is the address of the download host. */
export function serviceAnswer(account: Account, switches: Switches, download: string): object {
  const uri = backupUri(account, switches, download);
  const { hostname, port } = new URL(uri);
  const at = (place: Switches['uriPlace']) =>
    switches.uriPlace === place ? { user_backup_uri: uri } : {};
  const { username, password } = account;
  return {
    service: {
      service_name: account.service,
      service_type: switches.serviceType,
      state: switches.state,
      plan: 'startup-4',
      cloud_name: 'google-europe-west1',
      service_uri: `https+influxdb://${username}:${encodeURIComponent(password)}@${hostname}:${port}/defaultdb`,
      service_uri_params: { dbname: 'defaultdb', host: hostname, ...at('service_uri_params') },
      connection_info: {
        influxdb: [`https+influxdb://${hostname}:${port}`],
        influxdb_dbname: 'defaultdb',
        influxdb_username: username,
        influxdb_password: password,
        ...at('connection_info'),
      },
      components: [
        { component: 'influxdb', host: hostname, port: 8086, route: 'dynamic', usage: 'primary' },
        ...(switches.uriPlace === 'components' ? routesOf(uri, switches) : []),
      ],
      users: [{ username, password, type: 'primary' }],
      user_config: { influxdb_version: '1.8', public_access: { user_backup: true } },
      backups: [],
      node_states: [{ name: `${account.service}-1`, state: 'running' }],
      create_time: '2021-08-13T08:00:45Z',
      update_time: '2025-04-01T10:00:00Z',
    },
  };
}

/** The private ones first, as nobody promises any order. */
function routesOf(uri: string, { routes }: Switches): object[] {
  const { protocol, hostname, port } = new URL(uri);
  const component = {
    component: 'user_backup',
    usage: 'primary',
    port: Number(port),
    path: '/backups',
    ssl: protocol === 'https:',
  };
  const dynamic = { ...component, route: 'dynamic', host: hostname };
  if (routes === 'dynamic') return [dynamic];
  const link = { host: `link-7.${hostname}`, privatelink_connection_id: 'plc-7' };
  return [
    { ...component, route: 'privatelink', ...link },
    { ...component, route: 'private', host: hostname },
    dynamic,
    { ...component, route: 'public', host: `public-${hostname}` },
  ];
}

function backupUri(
  { username, password }: Account,
  { uriCredentials, uriHost }: Switches,
  download: string,
): string {
  const uri = new URL(`${download}/backups`);
  if (uriHost !== '') uri.hostname = uriHost;
  if (uriCredentials !== 'none') {
    uri.username = username;
    uri.password = encodeURIComponent(uriCredentials === 'right' ? password : 'wrong');
  }
  return uri.href;
}
