import { HoldfastError } from '../../failure.ts';
import type { LiveOrganisation, Resources } from './resources.ts';

interface Kind {
  name: string;
  /** `*` stands for the id of an organisation, about which the question is then. */
  path: string;
  /** Where the list is in the answer; absent when the answer is the list. */
  list?: string;
  query?: Record<string, string | number>;
  /** How many of them every server has from its set-up on. */
  from?: number;
  counts?: (one: unknown) => boolean;
}

const TASKS: Kind = { name: 'tasks', path: '/api/v2/tasks', list: 'tasks' };

/** Asked once. */
const OF_THE_SERVER: Kind[] = [
  { name: 'users', path: '/api/v2/users', list: 'users', from: 1 },
  { name: 'dashboards', path: '/api/v2/dashboards', list: 'dashboards' },
  TASKS,
  { name: 'Telegraf configurations', path: '/api/v2/telegrafs', list: 'configurations' },
  { name: 'labels', path: '/api/v2/labels', list: 'labels' },
  { name: 'variables', path: '/api/v2/variables', list: 'variables' },
  { name: 'scrapers', path: '/api/v2/scrapers', list: 'configurations' },
];

const CHECKS: Kind = { name: 'checks', path: '/api/v2/checks?orgID=*', list: 'checks' };
const RULES: Kind = {
  name: 'notification rules',
  path: '/api/v2/notificationRules?orgID=*',
  list: 'notificationRules',
};

const REPLICATIONS: Kind = {
  name: 'replications',
  path: '/api/v2/replications?orgID=*',
  list: 'replications',
};

/** Asked of each organisation: without one the server refuses, or shows nothing. */
const OF_AN_ORGANISATION: Kind[] = [
  CHECKS,
  RULES,
  {
    name: 'notification endpoints',
    path: '/api/v2/notificationEndpoints?orgID=*',
    list: 'notificationEndpoints',
  },
  {
    name: 'DBRP mappings',
    path: '/api/v2/dbrps?orgID=*',
    list: 'content',
    counts: (one) => !(typeof one === 'object' && one !== null && Reflect.get(one, 'virtual')),
  },
  { name: 'secrets', path: '/api/v2/orgs/*/secrets', list: 'secrets' },
  { name: 'remotes', path: '/api/v2/remotes?orgID=*', list: 'remotes' },
  REPLICATIONS,
  { name: 'stacks', path: '/api/v2/stacks?orgID=*', list: 'stacks' },
  { name: 'notebooks', path: '/api/v2private/notebooks?orgID=*', list: 'flows' },
  { name: 'annotations', path: '/api/v2private/annotations?orgID=*' },
];

/** A server with more organisations is in use whatever they hold. */
const ASKED = 20;

/** What a server holds beside organisations, buckets and tokens, and beside what its set-up made: `['labels']`. */
export async function settingsOf(
  resources: Resources,
  organisations: LiveOrganisation[],
): Promise<string[]> {
  const some = organisations.slice(0, ASKED);
  return [
    ...(await found(OF_THE_SERVER, [''], resources)),
    ...(await found(
      OF_AN_ORGANISATION,
      some.map(({ id }) => id),
      resources,
    )),
  ];
}

/** Of what runs by itself: `['tasks', 'checks']`. */
export async function runningOf(resources: Resources): Promise<string[]> {
  const organisations = (await resources.organisations()).slice(0, ASKED);
  return [
    ...(await found([{ ...TASKS, query: { status: 'active' } }], [''], resources)),
    ...(await found(
      [CHECKS, RULES, REPLICATIONS],
      organisations.map(({ id }) => id),
      resources,
    )),
  ];
}

async function found(kinds: Kind[], ids: string[], resources: Resources): Promise<string[]> {
  const names: string[] = [];
  for (const kind of kinds) {
    for (const id of ids) {
      if (!(await holds(kind, id, resources))) continue;
      names.push(kind.name);
      break;
    }
  }
  return names;
}

async function holds(kind: Kind, organisation: string, resources: Resources): Promise<boolean> {
  const { name, path, list, query, from = 0, counts = () => true } = kind;
  const [route = '', asked] = path.replace('*', organisation).split('?');
  const of = Object.fromEntries(new URLSearchParams(asked));
  let answer: unknown;
  try {
    answer = await resources.look(route, `looking for ${name}`, {
      limit: from + 1,
      ...of,
      ...query,
    });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    // What it does not let anybody see may be there; replications that a restore brought it cannot list (500).
    const unseen = error.code === 'TARGET_ERROR' && kind === REPLICATIONS;
    if (error.code === 'TARGET_REFUSED' || unseen) return true;
    throw error;
  }
  const items: unknown = list === undefined ? answer : property(answer, list);
  return Array.isArray(items) && items.filter(counts).length > from;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
