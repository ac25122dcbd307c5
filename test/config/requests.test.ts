import { expect, test } from 'vitest';
import { parseRequest, restoreRequest } from '../../activities/requests.ts';

test.each(['organisations', 'buckets', 'databases', 'retentionPolicies', 'classes'])(
  'a restore whose `select.%s` names nothing is refused, since it would not be plain what is meant',
  (key) => {
    const parse = (names: string[]) =>
      parseRequest('restore', restoreRequest, { target: 'one', select: { [key]: names } });
    expect(() => parse([])).toThrow(
      `The input of restore is wrong: select.${key}: expected at least one name (leave the list out for everything), found an empty list.`,
    );
    expect(parse(['a'])).toMatchObject({ select: { [key]: ['a'] } });
  },
);
