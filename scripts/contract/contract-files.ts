import { stringify } from "yaml";
import { asyncApi } from "./async-api.ts";
import { deadLetterHeadersJsonSchema } from "./dead-letter-headers-json-schema.ts";
import { resultJsonSchema } from "./result-json-schema.ts";
import { transactionJsonSchema } from "./transaction-json-schema.ts";

const HEADER = "# Made by `npm run contract` from the schemas and the topology of the code: change those.\n";

/** Times and the like between quotes: readers of YAML 1.1 would take them for dates. */
const YAML = { lineWidth: 0, aliasDuplicateObjects: false, compat: "yaml-1.1" } as const;

/** The files of the contract for programs in other languages, by their names, as they have to be in docs/contract. */
export function contractFiles() {
  return {
    "asyncapi.yaml": HEADER + escaped(stringify(asyncApi(), YAML)),
    "transaction.schema.json": json(transactionJsonSchema()),
    "result.schema.json": json(resultJsonSchema()),
    "dead-letter-headers.schema.json": json(deadLetterHeadersJsonSchema()),
  };
}

const json = (schema: object): string => escaped(`${JSON.stringify(schema, undefined, 2)}\n`);

/** Invisible characters as JSON and YAML escape them between double quotes: they stand in patterns only. */
function escaped(text: string): string {
  return text.replace(
    /[\u007f-\u009f]|\p{Cf}|\p{Zl}|\p{Zp}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
