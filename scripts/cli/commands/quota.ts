import { Command } from "commander";
import { quotaFreezeCommand } from "./quota-freeze.ts";
import { quotaResumeCommand } from "./quota-resume.ts";
import { quotaSetCommand } from "./quota-set.ts";
import { quotaShowCommand } from "./quota-show.ts";

const EXAMPLES = `
Examples:
  $ riskline quota show
  $ riskline quota freeze --reason "gateway maintenance" --for 2h
  $ riskline quota resume --reason "maintenance is over"
  $ riskline quota set 10/1s,30000/1h --reason "Alipay lowered it"

What is done is written into the audit: riskline audit.`;

/** `riskline quota`: the calls that all replicas share. */
export function quotaCommand(): Command {
  return new Command("quota")
    .description("looks at the quota that all replicas share, freezes and resumes calls, changes it")
    .addCommand(quotaShowCommand())
    .addCommand(quotaFreezeCommand())
    .addCommand(quotaResumeCommand())
    .addCommand(quotaSetCommand())
    .addHelpText("after", EXAMPLES);
}
