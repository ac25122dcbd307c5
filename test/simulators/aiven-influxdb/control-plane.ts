import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from './account.ts';
import { serviceAnswer } from './service-answer.ts';
import type { ServiceState, Task } from './service-state.ts';
import { strikes, TASK_REFUSED } from './switches.ts';

export interface ControlPlane {
  account: Account;
  state: ServiceState;
  /** The address of the download host, without a path. */
  download: () => string;
}

/** Answers one request to the API. */
export async function answerControl(
  plane: ControlPlane,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { switches } = plane.state;
  const refuse = refusing(response, switches.plainErrors);
  const body = await readBody(request);
  if (strikes(switches, 'connectionLost')) return void request.socket.destroy();
  if (strikes(switches, 'silent')) return;
  if (strikes(switches, 'badGateway')) {
    response.writeHead(502, { 'content-type': 'text/html' });
    return void response.end('<html><body><h1>502 Bad Gateway</h1></body></html>');
  }
  if (strikes(switches, 'internalError')) return refuse(500, 'Internal Server Error');
  if (strikes(switches, 'tooManyRequests')) {
    const complaint =
      'The user has sent too many requests in a given amount of time: Rate limit 120 exceeded';
    if (switches.tryAgainPlace === 'text') {
      return refuse(429, `${complaint} - try again in ${switches.tryAgainIn}s`);
    }
    response.setHeader('retry-after', switches.tryAgainIn);
    return refuse(429, complaint);
  }
  const token = /^(?:aivenv1|Bearer) (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token !== plane.account.token || strikes(switches, 'unauthorized')) {
    return refuse(401, 'Invalid token', 'invalid_token');
  }
  if (strikes(switches, 'forbidden')) return refuse(403, 'Forbidden', 'forbidden');
  await route(plane, request, response, body);
}

async function route(
  plane: ControlPlane,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): Promise<void> {
  const { account, state } = plane;
  const refuse = refusing(response, state.switches.plainErrors);
  const { pathname } = new URL(request.url ?? '/', 'http://control');
  const [, project, service, rest = ''] =
    /^\/v1\/project\/([^/]+)\/service\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
  if (project === undefined || service === undefined) return refuse(404, 'Not Found');
  if (decodeURIComponent(project) !== account.project) return refuse(403, 'Not a project member');
  if (decodeURIComponent(service) !== account.service || strikes(state.switches, 'serviceGone')) {
    return refuse(404, `Service ${decodeURIComponent(service)} does not exist`);
  }
  if (request.method === 'GET' && rest === '') {
    return send(response, 200, serviceAnswer(account, state.switches, plane.download()));
  }
  if (request.method === 'POST' && rest === '/task') return create(plane, request, response, body);
  const task = state.tasks.get(rest.slice('/task/'.length));
  if (request.method === 'GET' && rest.startsWith('/task/') && task && !task.lost) {
    const ended = await state.look(task);
    return send(response, 200, taskAnswer(state, task, ended, 'completed'));
  }
  refuse(404, rest.startsWith('/task/') ? 'Task not found' : 'Not Found');
}

function create(
  { state }: ControlPlane,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): void {
  const { switches } = state;
  const refuse = refusing(response, switches.plainErrors);
  const asked = parsed(body) as {
    task_type?: string;
    create_user_backup?: { backup_name?: string };
  };
  const name = asked.create_user_backup?.backup_name;
  if (asked.task_type !== 'create_user_backup' || name === undefined) {
    return refuse(400, 'Invalid input for task_type');
  }
  if (!/^[\w.:+-]+$/.test(name)) return refuse(400, `Invalid backup name: '${name}'`);
  if (switches.state !== 'RUNNING') return refuse(409, 'Service is not running');
  if (switches.taskRefused > 0) return refuse(switches.taskRefused, TASK_REFUSED);
  if (strikes(switches, 'busy')) return refuse(409, 'A task of this type is already running');
  const task = state.createTask(name);
  if (strikes(switches, 'createAnswerLost')) return void request.socket.destroy();
  send(response, switches.createdStatus, taskAnswer(state, task, false, 'created'));
}

function taskAnswer(
  { switches }: ServiceState,
  task: Task,
  ended: boolean,
  message: string,
): object {
  const success = ended && !switches.doneByStatusOnly ? !task.fails : null;
  const failure = 'Backup failed: InfluxDB: backup: shard 7: EOF';
  return {
    ...(switches.withMessage ? { message } : {}),
    task: {
      create_time: task.createdAt,
      result: ended && task.fails ? failure : '',
      success,
      task_id: task.id,
      task_type: switches.taskTypeAlias ? 'influxdb_create_user_backup' : 'create_user_backup',
      ...(switches.taskStatus || switches.doneByStatusOnly
        ? { task_status: ended ? 'DONE' : 'RUNNING' }
        : {}),
    },
  };
}

function refusing(response: ServerResponse, plain: boolean) {
  return (status: number, message: string, code?: string) => {
    const error = { ...(code && { error_code: code }), message, status };
    send(response, status, { errors: [plain ? message : error], message });
  };
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
  });
  response.end(body);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return {};
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
