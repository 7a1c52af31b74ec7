import { outcomeSchema, type Outcome } from "../../domain/outcome.ts";
import { readJson } from "../read-json.ts";

/** A stored outcome. @throws ZodError where it is none that any version of ours wrote */
export function readOutcome(kind: string, body: string): Outcome {
  const json = readJson(body);
  return outcomeSchema.parse(kind === "result" ? { kind, result: json } : { kind, deadLetter: json });
}
