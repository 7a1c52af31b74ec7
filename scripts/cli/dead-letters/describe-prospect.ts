import type { Prospect } from "../../../shared/domain/letters/prospect.ts";

/** What a replay would bring, in a line. */
export function describeProspect(prospect: Prospect): string {
  switch (prospect.kind) {
    case "call":
      return `the API is asked: 1 call where it answers, ${prospect.callsLeft} at most`;
    case "no-call":
      return "answered without a call: the amount is small";
    case "answered":
      return "no call: its result is stored, and is published again";
    case "copy":
      return "nothing: it was put back before; a replay only takes this copy away";
    case "hopeless":
      return `left where it is, for it would fail again (${prospect.why}): ${prospect.detail}`;
  }
}
