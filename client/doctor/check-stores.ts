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
    const usable = findings.every(({ ok, level }) => ok || level === 'advised');
    const told = findings.filter(({ ok, noted }) => !ok || noted);
    const able = findings.filter((finding) => !told.includes(finding));
    const about = { area: 'store', subject: name } as const;
    return [
      ...(usable
        ? [
            {
              ...about,
              level: 'ok' as const,
              message: `${store.place}: ${able.map(({ ability }) => ability).join(', ')}`,
            },
          ]
        : []),
      ...told.map(({ ability, ok, level, message }): Check => ({
        ...about,
        level: !ok && level === 'required' ? 'problem' : 'note',
        message: `${store.place}: ${ability}: ${message}`,
      })),
    ];
  } catch (error) {
    const { message, hint } = asHoldfastError(error);
    return [{ area: 'store', subject: name, level: 'problem', message, hint }];
  }
}
