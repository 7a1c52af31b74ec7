import { Command } from "commander";
import { quotaShowCommand } from "./quota-show.ts";

const EXAMPLES = `
Examples:
  $ riskline quota show`;

/** `riskline quota`: the calls that all replicas share. */
export function quotaCommand(): Command {
  return new Command("quota")
    .description("looks at the quota that all replicas share")
    .addCommand(quotaShowCommand())
    .addHelpText("after", EXAMPLES);
}
