import { z } from 'zod';
import type { Path } from './problem.ts';

/** The keys that a schema allows at a path, for suggestions. `value` decides between the branches of unions. */
export function knownKeys(schema: z.core.$ZodType, path: Path, value: unknown): string[] {
  const [segment, ...rest] = path;
  if (schema instanceof z.ZodUnion) {
    return branchesFor(schema, value).flatMap((branch) => knownKeys(branch, path, value));
  }
  const inner = unwrapped(schema);
  if (inner) return knownKeys(inner, path, value);
  if (segment === undefined) {
    return schema instanceof z.ZodObject
      ? Object.keys(schema.shape).filter((key) => key !== '$schema')
      : [];
  }
  const below =
    typeof value === 'object' && value !== null
      ? (value as Record<PropertyKey, unknown>)[segment]
      : undefined;
  if (schema instanceof z.ZodObject) {
    const child = (schema.shape as Record<PropertyKey, z.core.$ZodType | undefined>)[segment];
    return child ? knownKeys(child, rest, below) : [];
  }
  if (schema instanceof z.ZodRecord) return knownKeys(schema.valueType, rest, below);
  if (schema instanceof z.ZodArray) return knownKeys(schema.element, rest, below);
  return [];
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return schema.unwrap();
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.unwrap();
  if (schema instanceof z.ZodPipe) return schema.in;
  return undefined;
}

function branchesFor(schema: z.ZodUnion, value: unknown): readonly z.core.$ZodType[] {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema.options;
  const key = schema.def.discriminator;
  const chosen = (value as Record<string, unknown> | undefined)?.[key];
  return schema.options.filter((option) => {
    const literal: unknown = option instanceof z.ZodObject ? option.shape[key] : undefined;
    return literal instanceof z.ZodLiteral && literal.values.has(chosen as z.core.util.Literal);
  });
}
