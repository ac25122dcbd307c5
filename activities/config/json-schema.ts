import { z } from 'zod';
import { connections } from './products.ts';
import { configSchema } from './schema.ts';

/** `holdfast.yaml` as a JSON Schema (draft 7) for editors; each product's `connection` included. */
export function jsonSchema(): Record<string, unknown> {
  const schema = toJson(configSchema);
  const { targets } = schema.properties as { targets: { additionalProperties: JsonObject } };
  const target = targets.additionalProperties;
  (target.properties as JsonObject).product = { type: 'string', enum: [...connections.keys()] };
  target.allOf = [...connections].map(([product, connection]) => ({
    if: { properties: { product: { const: product } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { connection: connectionOf(connection) } },
  }));
  return { ...schema, title: 'Configuration of Holdfast (holdfast.yaml)' };
}

type JsonObject = Record<string, unknown>;

function toJson(schema: z.ZodType): JsonObject {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as JsonObject;
}

function connectionOf(schema: z.ZodObject): JsonObject {
  const { $schema: _, ...connection } = toJson(schema);
  return connection;
}
