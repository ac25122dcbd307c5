import { asHoldfastError } from '../failures.ts';
import { type TemporalOptions, temporalOptions } from '../temporal/options.ts';

interface Place {
  address: string;
  namespace: string;
}

/** What to tell where the other verbs, started as this one was, would not find this server; undefined where they do. */
export async function otherVerbsRemark(
  settings: Parameters<typeof temporalOptions>[0],
  here: Place,
): Promise<string | undefined> {
  let options: TemporalOptions;
  try {
    options = await temporalOptions(settings);
  } catch (error) {
    return `The other verbs will not reach Temporal: ${asHoldfastError(error).message}`;
  }
  const there = { address: options.connectionOptions.address, namespace: options.namespace };
  const exports = [
    ...(plain(there.address) === plain(here.address) ? [] : [`TEMPORAL_ADDRESS=${here.address}`]),
    ...(there.namespace === here.namespace ? [] : [`TEMPORAL_NAMESPACE=${here.namespace}`]),
  ];
  if (exports.length === 0) return undefined;
  const remedy =
    settings.address === undefined
      ? `for this one: export ${exports.join(' ')}`
      : 'the configuration names it (`temporal.address`)';
  return `The other verbs go to the Temporal at ${there.address}, namespace ${there.namespace}, not here; ${remedy}.`;
}

function plain(address: string): string {
  return address.replace(/^localhost:/, '127.0.0.1:');
}
