import type { LifecycleRule } from '@aws-sdk/client-s3';
import { ARCHIVE_CLASSES } from './archived.ts';

/**
 * What a rule that is in force does to the objects of a store, behind the back of whoever keeps them together.
 * @param prefix the store's own
 */
export function harmsOf(rule: LifecycleRule, prefix: string): string[] {
  const { And: and } = rule.Filter ?? {};
  const tags = rule.Filter?.Tag ?? and?.Tags?.[0];
  // Where rules had no filters yet.
  const { Prefix: former } = rule as { Prefix?: string };
  const covers = former ?? rule.Filter?.Prefix ?? and?.Prefix ?? '';
  // No object of a store bears a tag.
  if (tags || !(covers.startsWith(prefix) || prefix.startsWith(covers))) return [];
  const name = `The lifecycle rule "${rule.ID ?? 'without a name'}"`;
  const { Days: days, Date: date } = rule.Expiration ?? {};
  const archiving = rule.Transitions?.find((one) =>
    ARCHIVE_CLASSES.includes(one.StorageClass ?? ''),
  );
  return [
    ...(days || date ? [`${name} removes objects ${when(days, date)}.`] : []),
    ...(archiving
      ? [
          `${name} moves objects to ${archiving.StorageClass} ${when(archiving.Days, archiving.Date)}, ` +
            'where they cannot be read before they are brought back.',
        ]
      : []),
  ];
}

function when(days: number | undefined, date: Date | undefined): string {
  return date ? `on ${date.toISOString().slice(0, 10)}` : `after ${days ?? 0} days`;
}
