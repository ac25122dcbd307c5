import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import type { AdaptiveLimit } from '../adaptive-limit.ts';
import type { StoreResources } from '../resources.ts';
import { sharesAccess } from './shares-access.ts';
import { checksumPolicy, createS3Client, type S3Settings } from './client.ts';
import { faultOf, isDenied, isOverload, isPassing } from './failure.ts';
import { CALL, type CallContext } from './request-handler.ts';

/** What one service has turned out to be able to do. Known to all streams of the worker. */
export interface Abilities {
  /** Whether `If-None-Match: *` is obeyed. AWS does; others have to prove it. */
  conditional: 'honoured' | 'unproven' | 'ignored';
  /** The same of Complete: some that obey it for an object in one piece overlook it there. */
  conditionalComplete: 'honoured' | 'unproven' | 'ignored';
  /** Whether Complete may carry the size that it should come to. */
  objectSize: boolean;
  /** Whether it checks the CRC32 of an object that comes in one piece. It does when it gives back what it was told. */
  crc32: 'checked' | 'unproven' | 'ignored';
  bulkRemove: boolean;
  /** Whether open uploads are listed by what their keys begin with, or by nothing better. */
  uploadsByPrefix: boolean;
  /** Whether it copies objects by itself, and takes a condition with that. */
  copies: 'yes' | 'unconditionally' | 'no';
  /** Whether bodies must be hashed for the signature even where that protects nobody. */
  signPayload: boolean;
}

export interface Call extends CallContext {
  /** Tries in all; default that of the resources. */
  tries?: number;
  /** Another answer that may pass. */
  passing?: (error: unknown) => boolean;
}

/** Puts the call's context onto the command, on the way to the request handler. */
type Bind = <C extends { input: object }>(command: C) => C;

/**
 * Sends the requests of one store: within its adaptive limit, again when an answer may pass, and with fresh credentials
 * when they are refused. Throws the SDK's errors as they are.
 */
export class S3Requests {
  readonly checksums: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED';
  readonly abilities: Abilities;
  readonly #settings: S3Settings;
  readonly #resources: StoreResources;
  readonly #limit: AdaptiveLimit;
  readonly #related = new Map<S3Requests, Promise<boolean>>();
  #client: S3Client | undefined;

  constructor(settings: S3Settings, resources: StoreResources) {
    const service = `${settings.endpoint ?? 'aws'} ${settings.bucket}`;
    this.#settings = settings;
    this.#resources = resources;
    this.#limit = resources.limitOf(service);
    this.checksums = checksumPolicy(settings);
    this.abilities = resources.shared(`abilities ${service}`, () => ({
      conditional: settings.endpoint ? 'unproven' : 'honoured',
      conditionalComplete: settings.endpoint ? 'unproven' : 'honoured',
      objectSize: true,
      crc32: settings.endpoint ? 'unproven' : 'checked',
      bulkRemove: true,
      uploadsByPrefix: !settings.endpoint,
      copies: 'yes',
      signPayload: false,
    }));
  }

  /** Whether the other one's objects can be named in requests of this one. A denial is remembered: it rarely passes. */
  isRelated(other: S3Requests): Promise<boolean> {
    let known = this.#related.get(other);
    if (!known) {
      known = sharesAccess(this.#settings, other.#settings);
      this.#related.set(other, known);
    }
    return known;
  }

  unrelate(other: S3Requests): void {
    this.#related.set(other, Promise.resolve(false));
  }

  async send<T>(call: Call, ask: (client: S3Client, bind: Bind) => Promise<T>): Promise<T> {
    let renewed = false;
    for (let tries = 1; ; tries++) {
      const release = await this.#limit.acquire(call.signal);
      const client = (this.#client ??= this.#connect());
      try {
        const answer = await ask(client, (command) => {
          (command.input as { [CALL]?: CallContext })[CALL] = call;
          return command;
        });
        release('good');
        return answer;
      } catch (error) {
        release(isOverload(error) ? 'overloaded' : 'neither');
        call.signal?.throwIfAborted();
        if (!renewed && isDenied(faultOf(error))) {
          renewed = true;
          if (this.#client === client) this.#client = undefined;
        } else if (!this.abilities.signPayload && wantsSignedPayload(error)) {
          this.abilities.signPayload = true;
        } else if (
          tries < this.#tries(call, error) &&
          (isPassing(error) || call.passing?.(error))
        ) {
          await this.pause(tries, call.signal);
        } else {
          throw error;
        }
      }
    }
  }

  /** Longer after every try, and never the same for two: whoever was refused together must not come back together. */
  async pause(tries: number, signal?: AbortSignal): Promise<void> {
    const longest = Math.min(this.#resources.retry.pauseMs * 2 ** (tries - 1), 10_000);
    await sleep(longest * (0.5 + Math.random() / 2), undefined, signal && { signal }).catch(
      (error: unknown) => {
        throw signal?.aborted ? signal.reason : error;
      },
    );
  }

  #connect(): S3Client {
    return createS3Client(this.#settings, this.#resources, this.abilities);
  }

  /** A stall has already cost a long wait. */
  #tries(call: Call, error: unknown): number {
    const tries = call.tries ?? this.#resources.retry.tries;
    return faultOf(error).code === 'TimeoutError' ? Math.min(2, tries) : tries;
  }
}

function wantsSignedPayload(error: unknown): boolean {
  const { code, status, message } = faultOf(error);
  return (
    status !== undefined &&
    (code === 'XAmzContentSHA256Mismatch' || /UNSIGNED-PAYLOAD|content-sha256/i.test(message))
  );
}
