import type { z } from "zod";

/** A JSON Schema of draft 2020-12, of which only what draft 7 (and so AsyncAPI) knows as well is used. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** What a schema of the domain does not say of a field: its meaning, and rules that only its own parser knows. */
export interface FieldNote extends JsonSchema {
  readonly description: string;
}

/** The schema with a note on each of its fields; rules that the schema has itself stay as they are. */
export function withNotes(schema: JsonSchema, notes: Readonly<Record<string, FieldNote>>): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, field]) => [name, typeof field === "object" ? { ...notes[name], ...field } : field] as const,
  );
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** Takes out the bound that zod gives every whole number: JavaScript's own, no rule of ours. */
export function withoutSafeBounds({ jsonSchema }: { readonly jsonSchema: JsonSchema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** The schema of one field. */
export function fieldOf({ properties }: JsonSchema, name: string): JsonSchema {
  const field = properties?.[name];
  if (typeof field !== "object") throw new Error(`the schema has no field ${name}`);
  return field;
}
