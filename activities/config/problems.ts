import type { z } from 'zod';
import { knownKeys } from './known-keys.ts';
import { didYouMean, nearest } from './nearest.ts';
import type { Path, Problem } from './problem.ts';

const SECRET = '{ env: NAME } or { file: path } that says where the secret is';

type Issue = z.core.$ZodIssue;

/** Marks a message that no schema has written: those are worded here. */
const UNSAID = '\u0000';

/** Checks a value and words whatever is wrong with it, all at once. */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  base: Path = [],
): { data: z.output<S>; problems: [] } | { data: undefined; problems: Problem[] } {
  const result = schema.safeParse(value, { error: () => UNSAID });
  if (result.success) return { data: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => word(issue, schema, value));
  return {
    data: undefined,
    problems: withoutEchoes(problems).map((problem) => ({
      ...problem,
      path: [...base, ...problem.path],
    })),
  };
}

function word(issue: Issue, schema: z.ZodType, root: unknown): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path, root);
    // Somebody may have written the secret itself as a key.
    if (isSecretReference(known)) {
      const hint = issue.keys.map((key) => didYouMean(key, known)).join('');
      return [{ path, text: `expected ${SECRET}, found another key${hint && `.${hint}`}` }];
    }
    return issue.keys.map((key) => ({
      path: [...path, key],
      text:
        known.length === 0
          ? 'unknown key'
          : `unknown key; expected ${oneOf(known)}.${didYouMean(key, known)}`,
    }));
  }
  const found =
    issue.code === 'invalid_key' ? `"${String(path.at(-1))}"` : describe(at(root, path), path);
  const said = saidBySchema(issue);
  if (said !== undefined) {
    const ended = /[.?!]$/.test(said);
    return [{ path, text: ended ? said : `${said}, found ${found}` }];
  }
  const values = allowedValues(issue);
  if (values) {
    const value = at(root, path);
    const hint = typeof value === 'string' ? didYouMean(value, values) : '';
    return [{ path, text: `expected ${oneOf(values)}, found ${found}${hint && `.${hint}`}` }];
  }
  const hint = secretHint(issue, at(root, path));
  return [{ path, text: `expected ${expectation(issue)}, found ${found}${hint && `.${hint}`}` }];
}

/** `{ flie: … }`: names the key, and shows nothing of it that is not close to a known one. */
function secretHint(issue: Issue, value: unknown): string {
  if (issue.code !== 'invalid_union' || !isSecretUnion(issue)) return '';
  if (typeof value !== 'object' || value === null) return '';
  return Object.keys(value)
    .map((key) => (key === 'env' || key === 'file' ? '' : didYouMean(key, ['env', 'file'])))
    .join('');
}

function allowedValues(issue: Issue): string[] | undefined {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union' || !('options' in issue)) return undefined;
  return issue.options?.map(String);
}

function saidBySchema(issue: Issue): string | undefined {
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => inner.message).find((message) => message !== UNSAID);
  }
  if (issue.code === 'invalid_union') return undefined;
  return issue.message === UNSAID ? undefined : issue.message;
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return KINDS[issue.expected] ?? issue.expected;
  if (issue.code === 'too_small') {
    const isEmpty = issue.origin === 'string' || issue.origin === 'array';
    return isEmpty ? 'something, not emptiness' : `at least ${issue.minimum}`;
  }
  if (issue.code === 'too_big') return `at most ${issue.maximum}`;
  if (issue.code === 'invalid_format') {
    return issue.format === 'url' ? 'a URL' : `text in the format ${issue.format}`;
  }
  if (issue.code !== 'invalid_union') return 'something else';
  if (isSecretUnion(issue)) return SECRET;
  return issue.errors
    .flatMap(([first]) => (first ? [saidBySchema(first) ?? expectation(first)] : []))
    .join(' or ');
}

export const A_MAPPING = 'a mapping (key: value)';

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: A_MAPPING,
  record: A_MAPPING,
  array: 'a list',
};

function isSecretReference(known: string[]): boolean {
  return known.length > 0 && known.every((key) => key === 'env' || key === 'file');
}

/** Recognised by its shape, so that every product's schema may write it down in its own way. */
function isSecretUnion(issue: Extract<Issue, { code: 'invalid_union' }>): boolean {
  return issue.errors.length === 2 && issue.errors.every((branch) => branch.every(isShapeIssue));
}

function isShapeIssue(issue: Issue): boolean {
  if (issue.code === 'unrecognized_keys') return true;
  if (issue.code === 'invalid_type' && issue.path.length === 0) return issue.expected === 'object';
  return issue.path.length === 1 && (issue.path[0] === 'env' || issue.path[0] === 'file');
}

/** What was found, for people; never what might be a secret. */
function describe(value: unknown, path: Path): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return JSON.stringify(value);
  if (value === '') return 'empty text';
  return isShowable(value, path) ? `"${value}"` : 'a text that is not shown here';
}

const SENSITIVE = /token|password|secret|key|credential|identity|recipient|^env$|^file$/i;

function isShowable(value: string, path: Path): boolean {
  return (
    value.length <= 80 &&
    !path.some((segment) => SENSITIVE.test(String(segment))) &&
    !/@|AGE-SECRET|PRIVATE KEY/.test(value)
  );
}

/** A misspelt key makes its right form missing too: one mistake, one problem. */
function withoutEchoes(problems: Problem[]): Problem[] {
  const unknown = problems.filter(({ text }) => text.startsWith('unknown key'));
  return problems.filter(
    ({ path, text }) =>
      !text.endsWith('found nothing') ||
      !unknown.some(
        (other) =>
          other.path.length === path.length &&
          path.slice(0, -1).every((segment, index) => segment === other.path[index]) &&
          nearest(String(other.path.at(-1)), [String(path.at(-1))]) !== undefined,
      ),
  );
}

export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (node, segment) =>
      typeof node === 'object' && node !== null
        ? (node as Record<PropertyKey, unknown>)[segment]
        : undefined,
    value,
  );
}

export function oneOf(values: readonly string[]): string {
  return values.length < 2
    ? values.join('')
    : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}
