import { InvalidArgumentError } from 'commander';

/** Collects `--option name=value`, repeated, into one object. */
export function pairOption(
  text: string,
  before: Record<string, string> = {},
): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('Write it as name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Collects `--option value`, repeated, into a list. */
export function listOption(text: string, before: string[] = []): string[] {
  return [...before, text];
}
