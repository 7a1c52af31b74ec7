import { createRequire } from "node:module";
import { Ajv, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { parse } from "yaml";
import { z } from "zod";

const require = createRequire(import.meta.url);

/** A validator as a program in another language would make one of a JSON Schema's text. */
export function validatorOf(text: string): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  formats.default(ajv);
  return ajv.compile(JSON.parse(text));
}

const binding = z.discriminatedUnion("is", [
  z.strictObject({
    is: z.literal("routingKey"),
    exchange: z.strictObject({
      name: z.string(),
      type: z.literal("topic"),
      durable: z.literal(true),
      autoDelete: z.literal(false),
    }),
    "x-alternate-exchange": z.string().optional(),
    bindingVersion: z.string(),
  }),
  z.strictObject({
    is: z.literal("queue"),
    queue: z.strictObject({
      name: z.string(),
      durable: z.literal(true),
      exclusive: z.literal(false),
      autoDelete: z.literal(false),
    }),
    "x-queue-arguments": z.record(z.string(), z.union([z.string(), z.number()])),
    "x-bound-to": z.array(z.strictObject({ exchange: z.string(), routingKey: z.string() })),
    bindingVersion: z.string(),
  }),
]);

/** What a channel of the AsyncAPI document says about the broker. */
export type ChannelBinding = z.infer<typeof binding>;

/** The parts of the document that tests look into. */
const asyncApiSchema = z.looseObject({
  channels: z.record(z.string(), z.looseObject({ bindings: z.object({ amqp: binding }) })),
  components: z.looseObject({
    messages: z.record(
      z.string(),
      z.looseObject({
        examples: z.array(
          z.looseObject({ headers: z.record(z.string(), z.unknown()).optional(), payload: z.unknown() }),
        ),
      }),
    ),
  }),
});

/** The AsyncAPI document as a reader of YAML 1.1 sees it, who takes more texts for something else. */
export const readAsyncApi = (text: string) => asyncApiSchema.parse(parse(text, { version: "1.1" }));

/** AsyncAPI's own schema, which has keywords beside those of its draft. */
export function asyncApiValidator(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  return ajv.compile(require("@asyncapi/specs/schemas/3.0.0-without-$id.json"));
}
