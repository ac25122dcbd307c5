import { HoldfastError } from '../../failure.ts';
import type { Secret } from '../../secrets.ts';
import {
  type Answer,
  isAbsent,
  isBroken,
  isItsOwn,
  isLost,
  lostBetween,
  refusal,
  type Role,
  words,
} from './answer.ts';
import { ClusterPin } from './cluster-pin.ts';
import { Node, type NodeCall } from './node.ts';
import { pause } from '../../pause.ts';
import { ServerClock } from './server-clock.ts';

export interface ClientOptions {
  urls: string[];
  ca?: string | undefined;
  clusterUuid?: string | undefined;
  /** In the order in which they are tried. All but the first may turn out not to be there. */
  tokens: (() => Promise<Secret | undefined>)[];
  connections: number;
  stallMs: number;
  signal: AbortSignal;
}

/** A load balancer leads elsewhere the next time, and a node that starts needs a moment. */
const ROUNDS = 3;
/** One address may be all nodes in turn. */
const ROUNDS_OF_ONE = 6;
const ROUND_PAUSE_MS = 100;

/** A cluster behind its addresses. Knows which of them answers what, and that all lead to one cluster. */
export class EnterpriseClient {
  /** For people. */
  readonly server: string;
  readonly signal: AbortSignal;
  readonly pin: ClusterPin;
  readonly clock = new ServerClock();
  readonly #nodes: Node[];
  readonly #tokens: ClientOptions['tokens'];
  #token = 0;
  readonly #preferred: Record<Role, Node | undefined> = { engine: undefined, query: undefined };

  constructor(options: ClientOptions) {
    const urls = options.urls.map((url) => url.replace(/\/$/, ''));
    this.server = `InfluxDB 3 Enterprise at ${urls.join(', ')}`;
    this.signal = options.signal;
    this.pin = new ClusterPin(options.clusterUuid);
    this.#nodes = urls.map((url) => new Node({ ...options, url }));
    this.#tokens = options.tokens;
  }

  /**
   * Asks the node that can answer. A call that changes something is sent on only by a node that had no part in it.
   * @throws TARGET_BUSY when no node takes it, WRONG_SERVER when one belongs to another cluster, AUTH_REJECTED,
   * PERMISSION_MISSING, and whatever the transport of the last one threw
   */
  async ask(role: Role, call: NodeCall): Promise<Answer> {
    const found = await this.tryAll(role, call);
    if ('answer' in found) return found.answer;
    throw found.failure ?? noneTook(this.server, call.operation, found.absent);
  }

  /** As `ask`; without an answer it tells what there was instead. */
  async tryAll(role: Role, call: NodeCall, rounds = this.#rounds): Promise<Tried> {
    const changesNothing = call.changesNothing ?? call.method === 'GET';
    let failure: HoldfastError | undefined;
    let absent: Answer[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      [failure, absent] = [undefined, []];
      for (const node of this.#order(role)) {
        try {
          call.onSend?.();
          const answer = await this.askNode(node, call);
          if (answer.status === 503 && !changesNothing && !isItsOwn(answer)) {
            throw lostBetween(answer);
          }
          if (!isAbsent(answer, role)) {
            this.#preferred[role] = node;
            return { answer };
          }
          absent.push(answer);
        } catch (error) {
          if (!passes(error)) throw error;
          // Whoever changes something looks first whether the lost request did it.
          if (isLost(error) && !changesNothing) throw error;
          failure ??= error;
        }
      }
      if (call.once && (failure ?? absent.find(isBroken))) break;
      if (round < rounds) await pause(ROUND_PAUSE_MS * round, this.signal);
    }
    return { failure, absent };
  }

  /** What one node answers, with the first token that it knows. */
  async askNode(node: Node, call: NodeCall): Promise<Answer> {
    for (;;) {
      const tried = this.#token;
      const token = await this.#tokens[tried]?.();
      if (!token) throw new Error('There is no token.');
      const answer = await node.ask(call, token);
      this.pin.check(answer);
      this.clock.look(answer.header('date'));
      if (answer.status === 401 && (await this.#findToken(tried + 1))) continue;
      if (answer.status === 401 || answer.status === 403) throw refusal(answer);
      return answer;
    }
  }

  /** Goes on with the next token that this host has; other requests may have done so meanwhile. */
  async #findToken(from: number): Promise<boolean> {
    for (const [index, token] of this.#tokens.entries()) {
      if (index < from || !(await token())) continue;
      this.#token = Math.max(this.#token, index);
      return true;
    }
    return false;
  }

  /** The address where the engine was found; any node that answers at all as long as none was. */
  async askEngineOrAny(call: NodeCall): Promise<Answer> {
    const { engine } = this.#preferred;
    let failure: unknown;
    for (const node of engine ? [engine] : this.#nodes) {
      try {
        return await this.askNode(node, call);
      } catch (error) {
        if (!passes(error)) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close()));
  }

  get #rounds(): number {
    return this.#nodes.length === 1 ? ROUNDS_OF_ONE : ROUNDS;
  }

  #order(role: Role): Node[] {
    const first = this.#preferred[role];
    return first ? [first, ...this.#nodes.filter((node) => node !== first)] : this.#nodes;
  }
}

export type Tried = { answer: Answer } | { failure: HoldfastError | undefined; absent: Answer[] };

function passes(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && error.retryable;
}

function noneTook(server: string, operation: string, absent: Answer[]): HoldfastError {
  const said = absent.map((one) => `${one.server.split(' ').at(-1)} says ${words(one)}`).join('; ');
  return new HoldfastError(
    'TARGET_BUSY',
    `${server}: ${operation} failed: no node takes it; ${said}.`,
  );
}
