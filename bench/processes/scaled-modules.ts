/** The module hooks of the scaled clock: which modules see it, and what of it. */
import type { LoadHook, ResolveHook } from 'node:module';

const SCALED: [RegExp, string][] = [
  [
    /\/activities\/(jobs\/|pause\.js|attempt\/telling\.js|products\/weaviate\/orphan-watch\.js)/,
    'Date, setInterval',
  ],
  // How long a process was out is for Temporal to judge, whose time is the true one.
  [/\/activities\/attempt\/heartbeat\.js/, 'setInterval'],
];

export const resolve: ResolveHook = (specifier, context, next) => {
  const scaled = context.parentURL && namesFor(context.parentURL);
  return scaled && specifier === 'node:timers/promises'
    ? next(new URL('./scaled-timers.js', import.meta.url).href, context)
    : next(specifier, context);
};

export const load: LoadHook = async (url, context, next) => {
  const names = namesFor(url);
  const loaded = await next(url, context);
  if (!names || !loaded.source) return loaded;
  const code =
    typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
  return { ...loaded, source: `const { ${names} } = globalThis.scaledClock; ${code}` };
};

function namesFor(url: string): string | undefined {
  return SCALED.find(([pattern]) => pattern.test(url))?.[1];
}
