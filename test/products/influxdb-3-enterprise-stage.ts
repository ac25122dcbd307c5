import type { DelegatedSession } from '../../activities/products/delegated.ts';
import type { SimulatorOptions } from '../simulators/influxdb-3-enterprise/index.ts';
import { delegatedStage, type DelegatedStage } from './delegated-stage.ts';
import { enterpriseUnderTest, type EnterpriseWorld, linesOf } from './influxdb-3-enterprise.ts';

export interface EnterpriseStage extends DelegatedStage {
  readonly world: EnterpriseWorld;
  /** A session of its own: it has seen no node and no cluster yet. */
  fresh(changes?: Record<string, unknown>, stallMs?: number): DelegatedSession;
}

/** A cluster with two databases, and jobs in it. */
export async function enterpriseStage(options: SimulatorOptions = {}): Promise<EnterpriseStage> {
  const stage = (await delegatedStage(enterpriseUnderTest(options))) as DelegatedStage & {
    world: EnterpriseWorld;
  };
  stage.world.simulator.cluster.write('telemetry', linesOf('one'));
  stage.world.simulator.cluster.write('events', linesOf('two', 30));
  return Object.assign(stage, {
    fresh: (changes: Record<string, unknown> = {}, stallMs = 2_000) =>
      stage.connect({ connection: { ...stage.world.connection(), ...changes }, stallMs }),
  });
}
