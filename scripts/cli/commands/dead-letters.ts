import { Command } from "commander";
import { discardCommand } from "./dead-letters-discard.ts";
import { editCommand } from "./dead-letters-edit.ts";
import { exportCommand } from "./dead-letters-export.ts";
import { listCommand } from "./dead-letters-list.ts";
import { pauseCommand } from "./dead-letters-pause.ts";
import { replayCommand } from "./dead-letters-replay.ts";
import { replaysCommand } from "./dead-letters-replays.ts";
import { showCommand } from "./dead-letters-show.ts";

const EXAMPLES = `
Examples:
  $ riskline dead-letters list
  $ riskline dead-letters show T202611230000032
  $ riskline dead-letters replay --reason rejected --dry-run
  $ riskline dead-letters replay --reason rejected --share 10% --why "the contract was amended"

Looking takes nothing out of the queue. What changes something asks first, or needs --yes, and is written into the
audit: riskline audit.`;

/** `riskline dead-letters`: what could not be scored. */
export function deadLettersCommand(): Command {
  return new Command("dead-letters")
    .description("looks at dead letters, repairs them, puts them back")
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(replayCommand())
    .addCommand(replaysCommand())
    .addCommand(pauseCommand())
    .addCommand(editCommand())
    .addCommand(discardCommand())
    .addCommand(exportCommand())
    .addHelpText("after", EXAMPLES);
}
