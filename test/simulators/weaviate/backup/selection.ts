import { Refusal, type World } from '../exchange.ts';

/** What a request names, as classes of a list. Older servers take `*` and `?` literally. */
export function matching(names: string[], patterns: string[], { profile }: World): string[] {
  if (!profile.modernRestore) return patterns;
  return [
    ...new Set(
      patterns.flatMap((pattern) => {
        if (!/[*?]/.test(pattern)) return [pattern];
        const source = pattern
          .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
          .replaceAll('*', '.*')
          .replaceAll('?', '.');
        return names.filter((name) => new RegExp(`^${source}$`).test(name));
      }),
    ),
  ];
}

export function demandOneList(include: string[], exclude: string[]): void {
  if (include.length > 0 && exclude.length > 0) {
    throw new Refusal(422, "malformed request: 'include' and 'exclude' cannot both contain values");
  }
  for (const [list, names] of Object.entries({ include, exclude })) {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) {
      throw new Refusal(422, `class list '${list}' contains duplicate: ${twice}`);
    }
  }
}

const ID = /^[a-z0-9_-]+$/;

export function demandId(id: string): void {
  if (!ID.test(id)) {
    throw new Refusal(
      422,
      `invalid backup id: '${id}' allowed characters are lowercase, 0-9, _, -`,
    );
  }
}

export interface JobConfig {
  CPUPercentage?: number;
  CompressionLevel?: string;
  Bucket?: string;
  Path?: string;
  rolesOptions?: string;
  usersOptions?: string;
}

/** Go takes the names of fields in any case. */
export function configOf(sent: Record<string, unknown> | undefined, world: World): JobConfig {
  const known = [
    'CPUPercentage',
    'CompressionLevel',
    'Bucket',
    'Path',
    'rolesOptions',
    'usersOptions',
  ] as const;
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(sent ?? {})) {
    const name = known.find((one) => one.toLowerCase() === key.toLowerCase());
    if (name !== undefined) config[name] = value;
  }
  if (!world.profile.elsewhere) {
    delete config['Bucket'];
    delete config['Path'];
  }
  demandValid(config, world);
  return config;
}

const LEVELS = ['DefaultCompression', 'BestSpeed', 'BestCompression'];
const MODERN_LEVELS = [
  ...LEVELS,
  'ZstdDefaultCompression',
  'ZstdBestSpeed',
  'ZstdBestCompression',
  'NoCompression',
];

function demandValid(config: JobConfig, { profile }: World): void {
  const cpu = config.CPUPercentage ?? 50;
  const complain = (name: string, complaint: string, code: number) => {
    throw new Refusal(422, `config.${name} in body should be ${complaint}`, code);
  };
  if (cpu > 80) complain('CPUPercentage', 'less than or equal to 80', 608);
  if (cpu < 1) complain('CPUPercentage', 'greater than or equal to 1', 609);
  const lists = {
    CompressionLevel: profile.zstd ? MODERN_LEVELS : LEVELS,
    ...(profile.access
      ? { rolesOptions: ['noRestore', 'all'], usersOptions: ['noRestore', 'all'] }
      : {}),
  };
  for (const [name, list] of Object.entries(lists)) {
    const value = config[name as keyof JobConfig];
    if (value !== undefined && !list.includes(String(value))) {
      complain(name, `one of [${list.join(' ')}]`, 606);
    }
  }
}
