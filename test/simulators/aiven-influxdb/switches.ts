import { namedSwitch, springs } from '../trap.ts';

/** When a fault strikes: never, always, or the next so many times. Counts go down as it strikes. */
export type Trap = boolean | number;

/** Everything the simulator can do wrong, and everything about the vendor that nobody knows for certain. */
export interface Switches {
  // The control plane, all requests.
  /** 401, as with a token that was revoked. */
  unauthorized: Trap;
  /** 403, as with a token that lacks a role. */
  forbidden: Trap;
  /** 429. */
  tooManyRequests: Trap;
  /** Seconds that a 429 names. */
  tryAgainIn: number;
  /** Where it names them. */
  tryAgainPlace: 'text' | 'header';
  /** 500 with the usual body. */
  internalError: Trap;
  /** 502 with a page in HTML, as from a proxy. */
  badGateway: Trap;
  /** The `errors` of a refusal are strings. */
  plainErrors: boolean;
  /** The connection is closed without an answer. */
  connectionLost: Trap;
  /** No answer ever comes. */
  silent: Trap;
  /** An idle connection is closed after so long, in milliseconds, and nobody says so. */
  idleCloseMs: number;

  // The service.
  state: 'RUNNING' | 'POWEROFF' | 'REBUILDING' | 'REBALANCING';
  serviceType: string;
  /** 404, `Service … does not exist`: for good since the end of the product, in passing after a change. */
  serviceGone: Trap;
  /** Where the address of downloads is told. */
  uriPlace: 'connection_info' | 'service_uri_params' | 'components' | 'nowhere';
  /** What the address holds in front of its host. */
  uriCredentials: 'right' | 'wrong' | 'none';
  /** A host name in the place of the real one: private, so that nobody out here knows it. */
  uriHost: string;
  /** The routes to the download host that the components tell: in a VPC there are several, each with its own host. */
  routes: 'dynamic' | 'vpc';

  // Tasks.
  createdStatus: number;
  /** Answers have a `message` beside the task. */
  withMessage: boolean;
  /** The answer calls the type of the task by another name. */
  taskTypeAlias: boolean;
  /** Tasks have a `task_status`. */
  taskStatus: boolean;
  /** `success` stays null for ever, and only `task_status` says `DONE`. */
  doneByStatusOnly: boolean;
  /** So many times a task is said to be pending, and then it is done. */
  pendingPolls: number;
  taskFails: Trap;
  taskNeverEnds: Trap;
  /** Nobody knows the task that was just created. */
  taskLost: Trap;
  /** The task is created, and the answer does not arrive. */
  createAnswerLost: Trap;
  /** 409 to a new task. */
  busy: Trap;
  /** The status that refuses a new task for good, in the words of `TASK_REFUSED`; 0 for none. */
  taskRefused: number;

  // The download.
  /** The download host wants the password of the service. */
  downloadAuth: boolean;
  /** 404 although the task is done. */
  notReady: Trap;
  downloadUnavailable: Trap;
  /** The download host closes the connection without an answer, as one that is being restarted. */
  downloadAway: Trap;
  /** Half of the file, and an end as if it were whole. */
  downloadCut: Trap;
  /** The connection is reset after half of what was asked for. */
  downloadReset: Trap;
  /** Nothing comes any more after half of the file. */
  downloadStalls: Trap;
  /** At half of the file somebody else requests a backup: what still comes is of the new file. */
  replacedWhileDownloading: Trap;
  /** What the name of a backup that was replaced gives. */
  oldName: 'gone' | 'new bytes';
  contentLength: boolean;
  /** Ranges are served, and announced. */
  ranges: boolean;
  etag: 'strong' | 'weak' | 'none';
  /** Every answer has another ETag, though the bytes are the same. */
  etagChanges: Trap;
  /** At most so many bytes each second; 0 for as fast as possible. */
  bytesPerSecond: number;
  layout: 'flat' | 'dot' | 'nested';
  damage: Damage;
}

export const DAMAGES = [
  'none',
  'missing shard',
  'missing meta',
  'bad gzip',
  'cut shard',
  'bad inner tar',
  'wrong size',
  'no trailer',
  'cut member',
  'files null',
  'manifest garbled',
  'manifest missing',
  'two manifests',
  'climbs',
  'absolute',
  'link',
  'device',
  'absurd size',
  'twice',
  'stray',
] as const;
/** What is wrong inside the tar that is served. */
export type Damage = (typeof DAMAGES)[number];

export const TASK_REFUSED = 'This service cannot make user backups';

export const QUIET: Switches = {
  unauthorized: false,
  forbidden: false,
  tooManyRequests: false,
  tryAgainIn: 1,
  tryAgainPlace: 'text',
  internalError: false,
  badGateway: false,
  plainErrors: false,
  connectionLost: false,
  silent: false,
  idleCloseMs: 55_000,
  state: 'RUNNING',
  serviceType: 'influxdb',
  serviceGone: false,
  uriPlace: 'connection_info',
  uriCredentials: 'right',
  uriHost: '',
  routes: 'dynamic',
  createdStatus: 200,
  withMessage: true,
  taskTypeAlias: false,
  taskStatus: false,
  doneByStatusOnly: false,
  pendingPolls: 1,
  taskFails: false,
  taskNeverEnds: false,
  taskLost: false,
  createAnswerLost: false,
  busy: false,
  taskRefused: 0,
  downloadAuth: true,
  notReady: false,
  downloadUnavailable: false,
  downloadAway: false,
  downloadCut: false,
  downloadReset: false,
  downloadStalls: false,
  replacedWhileDownloading: false,
  oldName: 'gone',
  contentLength: true,
  ranges: true,
  etag: 'strong',
  etagChanges: false,
  bytesPerSecond: 0,
  layout: 'flat',
  damage: 'none',
};

/** Switches that may be counted down. */
export type Fault = {
  [Name in keyof Switches]: Trap extends Switches[Name] ? Name : never;
}[keyof Switches];

/** Whether the fault strikes now; counts down. */
export function strikes(switches: Switches, name: Fault): boolean {
  return springs(switches, name);
}

/** `busy`, `busy=2`, `busy=off`, `layout=nested`: as the command line and the control endpoint take them. */
export function parseSwitch(text: string): Partial<Switches> {
  const { name, value } = namedSwitch(QUIET, text);
  const usual = QUIET[name as keyof Switches];
  if (value === undefined) return { [name]: true };
  if (value === 'off' && typeof usual === 'boolean') return { [name]: false };
  if (typeof usual === 'string') return { [name]: value };
  return { [name]: Number(value) };
}
