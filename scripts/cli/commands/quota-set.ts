import { Command, InvalidArgumentError } from "commander";
import { formatQuota, parseQuota, type Quota } from "../../../shared/domain/quota.ts";
import { compareQuotas, type WindowChange } from "../../../shared/domain/quota-change.ts";
import { LedgerOperator } from "../../../shared/redis/ledger/operate-ledger.ts";
import { agreeToDanger } from "../agree-to-danger.ts";
import { fitRows } from "../fit-rows.ts";
import { formatJson } from "../format-json.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { UsageError } from "../usage-error.ts";
import { withRedis } from "../with-redis.ts";

interface SetFlags {
  readonly reason: string;
  readonly configured?: true;
  readonly yes?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline quota set 10/1s,30000/1h --reason "Alipay lowered it, mail of 23 November"
  $ riskline quota set 40/1s,100000/1h --reason "new contract" --yes
  $ riskline quota set --configured --reason "replicas have it in ALIPAY_QUOTA now"

It holds for all replicas, now and after restarts, instead of their ALIPAY_QUOTA. Windows that it does not name are gone:
name all of them. More calls in a window, or a window less, wants --yes.`;

/** `riskline quota set`: another quota for all replicas, without a restart. */
export function quotaSetCommand(): Command {
  return new Command("set")
    .description("changes the quota of all replicas without a restart")
    .argument("[quota]", "calls/window, comma-separated, as in ALIPAY_QUOTA", readQuota)
    .requiredOption("--reason <text>", "why, for the audit and for whoever looks", reasonFlag)
    .option("--configured", "go back to what the replicas have in ALIPAY_QUOTA")
    .option("--yes", "also where it allows more than before")
    .option("--json", "print what was done as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (quota: Quota | undefined, flags: SetFlags) => {
      if ((quota === undefined) !== (flags.configured === true)) {
        throw new UsageError("wanted: a quota such as 20/1s,50000/1h, or --configured");
      }
      const change = await run(quota, flags);
      process.stdout.write(flags.json ? changeJson(change) : formatChange(change));
    });
}

function readQuota(text: string): Quota {
  const quota = parseQuota(text);
  if (quota.ok) return quota.value;
  throw new InvalidArgumentError(quota.problem);
}

async function run(quota: Quota | undefined, { reason, yes }: SetFlags) {
  const settings = readCommandSettings(["installation", "redis", "application", "quota"]);
  const { application, installation } = settings;
  return withRedis(settings.redis.url, async (client) => {
    const operator = new LedgerOperator(client, { ...application, ...installation });
    const seen = await operator.quotaInForce(settings.quota.windows);
    const after = quota ?? seen.configured;
    const changes = compareQuotas(seen.counting, after);
    const looser = changes.filter(({ isLooser }) => isLooser);
    if (looser.length > 0) await agreeToDanger(dangerOf(looser), yes === true);
    const isSet = quota !== undefined;
    const isChanged = isSet !== seen.isSet || changes.some(({ before, after: now }) => before !== now);
    if (isChanged && !(await operator.setQuota(reason, quota, seen))) {
      throw new Error("somebody else set the quota at the same time; nothing was done, look again");
    }
    return { application, before: seen.counting, after, changes, isSet, isChanged };
  });
}
type Change = Awaited<ReturnType<typeof run>>;

function dangerOf(looser: readonly WindowChange[]): string {
  return (
    `This allows more calls than before: ${looser.map(changeText).join("; ")}. If the gateway does not, it answers ` +
    "with limits, and bans who meets them too often."
  );
}

function changeJson({ application, before, after, isSet, isChanged }: Change): string {
  const said = {
    act: "quota-set",
    ...application,
    isChanged,
    before: formatQuota(before),
    after: formatQuota(after),
    isSet,
  };
  return formatJson(said);
}

function formatChange({ application, changes, isSet, isChanged }: Change): string {
  return fitRows([
    ["application", application.appId],
    ["gateway", application.gatewayUrl],
    ...changes.map((change) => ["quota", changeText(change)] as const),
    [
      "from",
      isSet ? "this command, instead of ALIPAY_QUOTA" : "ALIPAY_QUOTA of the replicas, the strictest of them",
    ],
    [
      "then",
      isChanged
        ? "every replica keeps to it from its next call on, also after restarts"
        : "nothing was changed",
    ],
  ]);
}

function changeText({ windowMs, before, after }: WindowChange): string {
  const text = (calls: number | undefined): string =>
    calls === undefined ? "no such window" : formatQuota([{ calls, windowMs }]);
  if (before === after) return `${text(after)}, as before`;
  return after === undefined ? `${text(before)} → dropped` : `${text(before)} → ${text(after)}`;
}
