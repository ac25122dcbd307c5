import type { Account, Reading } from './cluster.ts';
import { type Exchange, Refusal } from './exchange.ts';
import { strikes } from './switches.ts';

/** An API key or an OIDC token, both as `Bearer`. Undefined where everybody may come in. */
export function identify({ request, world, call }: Exchange): Account | undefined {
  const key = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const { accounts, switches } = world;
  if (strikes(switches, 'keyRevoked', call))
    throw new Refusal(401, 'unauthorized: invalid api key', 401);
  if (!accounts) return undefined;
  if (key === undefined) {
    throw new Refusal(
      401,
      'anonymous access not enabled. Please authenticate through one of the available methods: [API-keys]',
      401,
    );
  }
  const caller = accounts.find((one) => one.key === key);
  if (caller) return { ...caller, root: caller.root ?? false };
  throw new Refusal(401, 'unauthorized: invalid api key', 401);
}

function forbidden(caller: Account, what: string): Refusal {
  return new Refusal(
    403,
    `authorization, forbidden action: user '${caller.name}' has insufficient permissions to ${what}`,
  );
}

/** Whether the caller may manage the backups of these classes. Throws, unless it is only asked. */
export function mayManage({ caller }: Exchange, classes: string[], demand = true): boolean {
  const denied = classes.find((name) => !manages(caller, name));
  if (denied === undefined) return true;
  if (demand && caller) throw forbidden(caller, `C [backups/collections/${denied}]`);
  return false;
}

function manages(caller: Account | undefined, name: string): boolean {
  if (!caller || caller.root === true) return true;
  return (caller.backups ?? []).some((one) => one === '*' || one === name);
}

/** Named classes must all be allowed; without names, the list becomes what is allowed. */
export function permitted(exchange: Exchange, all: string[], include: string[]): string[] {
  const { caller } = exchange;
  if (include.length > 0) {
    mayManage(exchange, include);
    return all;
  }
  const left = all.filter((name) => manages(caller, name));
  if (caller && left.length === 0 && (all.length > 0 || !manages(caller, '*'))) {
    throw forbidden(caller, 'C [backups/collections/*]');
  }
  return left;
}

/** Of lists, which are shortened without a word. */
export function mayRead({ caller }: Exchange, what: Reading): boolean {
  if (!caller || caller.root === true || caller.reads === true) return true;
  return caller.reads?.includes(what) ?? false;
}

/** The definition of a class. */
export function maySee(exchange: Exchange, name: string): boolean {
  return mayRead(exchange, 'collections') && (exchange.caller?.sees ?? [name]).includes(name);
}

export function demandReading(exchange: Exchange, what: Reading): void {
  const { caller } = exchange;
  if (caller && !mayRead(exchange, what)) throw forbidden(caller, `read_${what}`);
}

export function demandSeeing(exchange: Exchange, name: string): void {
  const { caller } = exchange;
  if (caller && !maySee(exchange, name)) throw forbidden(caller, 'read_collections');
}

/** GraphQL says it in an answer that calls itself good. */
export function forbidsReading(exchange: Exchange, what: Reading): string | undefined {
  const { caller } = exchange;
  if (!caller || mayRead(exchange, what)) return undefined;
  return forbidden(caller, `read_${what}`).message;
}

export function demandWriting({ caller }: Exchange, what: string): void {
  if (caller && !caller.root) throw forbidden(caller, `update ${what}`);
}
