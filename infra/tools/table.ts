/** Every server and program that `holdfast dev`, the demo and the tests start, with its pinned version. */
export const TOOLS = {
  temporal: {
    version: '1.5.1',
    variable: 'HOLDFAST_TEMPORAL',
    // The version of the server inside, which is what matters, and which every build tells.
    reports: { arguments: ['--version'], pattern: /Server v?(\d+\.\d+\.\d+)/, atLeast: '1.29.1' },
    go: {
      folder: 'temporal',
      package: 'github.com/temporalio/cli/cmd/temporal',
      cgo: false,
      flags: [],
      variables: { 'github.com/temporalio/cli/temporalcli.Version': '1.5.1' },
      usually: '3 to 4 minutes',
    },
    otherwise: 'install the Temporal CLI',
  },
  versitygw: {
    version: '1.7.0',
    variable: 'HOLDFAST_VERSITYGW',
    reports: {
      arguments: ['--version'],
      pattern: /Version\s*:\s*v?(\d+\.\d+\.\d+)/,
      atLeast: '1.7.0',
    },
    go: {
      folder: 'versitygw',
      package: 'github.com/versity/versitygw/cmd/versitygw',
      cgo: false,
      flags: [],
      variables: { 'main.Version': 'v1.7.0' },
      usually: '1 to 2 minutes',
    },
    otherwise: 'install versitygw',
  },
  influxd: {
    version: '2.9.1',
    variable: 'HOLDFAST_INFLUXD',
    reports: { arguments: ['version'], pattern: /InfluxDB v?(\d+\.\d+\.\d+)/, atLeast: '2.9.1' },
    go: {
      folder: 'influxdb',
      package: 'github.com/influxdata/influxdb/v2/cmd/influxd',
      cgo: true,
      flags: ['-tags', 'sqlite_foreign_keys,sqlite_json'],
      variables: { 'main.version': 'v2.9.1' },
      usually: '5 to 6 minutes',
    },
    otherwise: 'install InfluxDB 2',
  },
  influx: {
    version: '2.9.1',
    variable: 'HOLDFAST_INFLUX',
    reports: {
      arguments: ['version'],
      pattern: /Influx CLI v?(\d+\.\d+\.\d+)/,
      atLeast: '2.8.0',
    },
    go: {
      folder: 'influxdb',
      package: 'github.com/influxdata/influx-cli/v2/cmd/influx',
      cgo: false,
      flags: [],
      // No tag of this module has all that the server of the same build can do; the table's version names that server.
      variables: { 'main.version': 'v2.9.1' },
      usually: 'half a minute',
    },
    otherwise: 'install the influx command',
  },
  'weaviate-server': {
    version: '1.38.11',
    variable: 'HOLDFAST_WEAVIATE_SERVER',
    // It tells its version only to those who ask a running server.
    reports: undefined,
    go: {
      folder: 'weaviate',
      package: 'github.com/weaviate/weaviate/cmd/weaviate-server',
      cgo: false,
      flags: [],
      variables: {},
      usually: '5 to 10 minutes',
    },
    otherwise: 'install Go 1.26',
  },
  'influxd-v1': {
    version: '1.6.7',
    variable: 'HOLDFAST_INFLUXD_V1',
    command: 'influxd',
    reports: { arguments: ['version'], pattern: /InfluxDB v?(\d+\.\d+\.\d+)/, atLeast: '1.6.7' },
    debian: { package: 'influxdb', path: 'usr/bin/influxd' },
    otherwise: 'install InfluxDB 1',
  },
} as const satisfies Record<string, Tool>;

export interface Tool {
  version: string;
  /** The environment variable that names the executable, whatever its version. */
  variable: string;
  /** What it is called on PATH; default: the name of the tool. */
  command?: string;
  /**
   * How an executable on PATH tells its version; one of the same major version and not older will do. Undefined: it
   * cannot be asked, so what is on PATH is passed over.
   */
  reports: { arguments: readonly string[]; pattern: RegExp; atLeast: string } | undefined;
  /** Built from source. */
  go?: GoProgram;
  /** Taken out of a package of the distribution, which is not installed: nothing of it starts as a service. */
  debian?: DebianPackage;
  /** Completes the sentence "Set HOLDFAST_X to its path, or … so that it is on PATH". */
  otherwise: string;
}

export interface GoProgram {
  /** Below `infra/tools/go`: a go.mod that pins it and a go.sum that vouches for it. */
  folder: string;
  package: string;
  cgo: boolean;
  flags: readonly string[];
  /** Set by the linker. */
  variables: Readonly<Record<string, string>>;
  /** On two cores, with nothing cached. */
  usually: string;
}

export interface DebianPackage {
  package: string;
  /** Of the executable, inside the package. */
  path: string;
}

export type ToolName = keyof typeof TOOLS;

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(TOOLS, name);
}
