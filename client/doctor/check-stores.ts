import type { Invocation } from '../invocation.ts';
import { asHoldfastError } from '../failures.ts';
import type { Check } from './check.ts';

/** What every store can really do, found out by doing it. */
export async function checkStores(call: Invocation): Promise<Check[]> {
  const { stores } = await call.config();
  const checked = await Promise.all([...stores.keys()].map((name) => checkStore(call, name)));
  return checked.flat();
}

async function checkStore(call: Invocation, name: string): Promise<Check[]> {
  try {
    const store = await call.store(name);
    const findings = await store.probe();
    const failed = findings.filter(({ ok }) => !ok);
    return [
      ...(failed.length === 0
        ? [
            {
              area: 'store' as const,
              subject: name,
              level: 'ok' as const,
              message: `${store.place}: ${findings.map(({ ability }) => ability).join(', ')}`,
            },
          ]
        : []),
      ...failed.map(({ ability, level, message }): Check => ({
        area: 'store',
        subject: name,
        level: level === 'required' ? 'problem' : 'note',
        message: `${store.place}: ${ability}: ${message}`,
      })),
    ];
  } catch (error) {
    const { message, hint } = asHoldfastError(error);
    return [{ area: 'store', subject: name, level: 'problem', message, hint }];
  }
}
