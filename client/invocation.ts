import type { Command } from 'commander';
import {
  type Config,
  findConfigIfAny,
  loadConfig,
  storeOf,
  targetOf,
} from '../activities/config/config.ts';
import type { Dependencies } from '../activities/dependencies.ts';
import { createStoreResources, type StoreResources } from '../activities/stores/resources.ts';
import type { Store } from '../activities/stores/store.ts';
import type { TemporalSession } from './temporal/connect.ts';
import { Output } from './terminal/output.ts';

export interface GlobalOptions {
  config?: string;
  json?: boolean;
}

/** One call of the command: what it was told, and what it opened on the way. */
export class Invocation {
  readonly output: Output;
  readonly configPath: string | undefined;
  #config: Promise<Config> | undefined;
  #temporal: Promise<TemporalSession> | undefined;
  #resources: StoreResources | undefined;
  readonly #stores: Store[] = [];

  constructor(options: GlobalOptions) {
    this.output = new Output({ json: options.json === true });
    this.configPath = options.config;
  }

  config(): Promise<Config> {
    this.#config ??= loadConfig({ path: this.configPath });
    return this.#config;
  }

  /** Without a file, TEMPORAL_* variables are enough for what needs Temporal alone. */
  async configIfAny(): Promise<Config | undefined> {
    return findConfigIfAny({ path: this.configPath }) === undefined ? undefined : this.config();
  }

  /** @throws TEMPORAL_UNREACHABLE */
  temporal(): Promise<TemporalSession> {
    this.#temporal ??= this.#connect();
    return this.#temporal;
  }

  async #connect(): Promise<TemporalSession> {
    const config = await this.configIfAny();
    const { connectTemporal } = await import('./temporal/connect.ts');
    return connectTemporal(config?.temporal ?? {});
  }

  /** Tells a misspelt target before a run is started for it. @throws TARGET_UNKNOWN */
  async checkTarget(name: string): Promise<void> {
    const config = await this.configIfAny();
    if (config) targetOf(config, name);
  }

  /** What the stores of this call share. */
  get resources(): StoreResources {
    this.#resources ??= createStoreResources();
    return this.#resources;
  }

  /** What a search in the other stores of the configuration needs. */
  get searching(): Pick<Dependencies, 'loadConfig' | 'stores'> {
    return { loadConfig: () => this.config(), stores: this.resources };
  }

  /** Opened here and closed with the invocation. @throws STORE_UNKNOWN */
  async store(name: string): Promise<Store> {
    // The SDK of S3 takes a while to load, and most verbs open no store.
    const { openStore } = await import('../activities/stores/open-store.ts');
    const store = openStore(storeOf(await this.config(), name), this.resources);
    this.#stores.push(store);
    return store;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#stores.map((store) => store.close()));
    await this.#resources?.close();
    const session = await this.#temporal?.catch(() => undefined);
    await session?.connection.close();
  }
}

export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}
