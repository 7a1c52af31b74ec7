import { Command } from "commander";
import { formatInstant } from "../../../shared/domain/instant.ts";
import {
  lastsUntilResumed,
  LedgerOperator,
  type Freeze,
  type OperatorHold,
} from "../../../shared/redis/ledger/operate-ledger.ts";
import { agreeToDanger } from "../agree-to-danger.ts";
import { durationFlag } from "../duration-flag.ts";
import { fitRows } from "../fit-rows.ts";
import { formatDuration } from "../format-duration.ts";
import { formatJson } from "../format-json.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { withRedis } from "../with-redis.ts";

interface FreezeFlags {
  readonly reason: string;
  readonly for?: number;
  readonly yes?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline quota freeze --reason "Alipay asked us to stop"
  $ riskline quota freeze --reason "gateway maintenance" --for 2h

No replica makes a call from then on, whatever its NAMESPACE, until the time is over or the calls are resumed. Calls
under way end. Nothing is lost, and what needs no call is answered. A freeze is never shortened by another one.`;

/** `riskline quota freeze`: no calls by any replica. */
export function quotaFreezeCommand(): Command {
  return new Command("freeze")
    .description("stops the calls of all replicas, until they are resumed or for a time")
    .requiredOption("--reason <text>", "why, for the audit and for whoever looks", reasonFlag)
    .option("--for <duration>", "such as 90s, 30m, 2h or 7d; without it, until resumed", durationFlag)
    .option("--yes", "freeze also for longer than workers remember which calls they made")
    .option("--json", "print what was done as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: FreezeFlags) => {
      const { freeze, application } = await run(flags);
      process.stdout.write(flags.json ? freezeJson(freeze, application) : formatFreeze(freeze, application));
    });
}

async function run({ reason, for: forMs, yes }: FreezeFlags) {
  const settings = readCommandSettings(["installation", "redis", "application", "journal"]);
  const { application, installation } = settings;
  const rememberedMs = settings.journal.journalTtlSeconds * 1_000;
  if (forMs !== undefined && forMs > rememberedMs) {
    const remembered = formatDuration(rememberedMs);
    await agreeToDanger(
      `Workers remember the calls of a transaction for ${remembered} (JOURNAL_TTL_SECONDS). In a longer freeze ` +
        "they forget them, and may make more than four.",
      yes === true,
    );
  }
  return withRedis(settings.redis.url, async (client) => {
    const operator = new LedgerOperator(client, { ...application, ...installation });
    return { application, freeze: await operator.freeze(reason, forMs) };
  });
}

interface Application {
  readonly appId: string;
  readonly gatewayUrl: string;
}

function freezeJson({ isChanged, before, after }: Freeze, application: Application): string {
  const said = {
    act: "quota-freeze",
    ...application,
    isChanged,
    before: before === undefined ? null : holdJson(before),
    after: holdJson(after),
  };
  return formatJson(said);
}

function holdJson({ untilMs, ...hold }: OperatorHold) {
  return { ...hold, until: isEndless(untilMs) ? null : formatInstant(untilMs) };
}

function formatFreeze({ isChanged, after }: Freeze, { appId, gatewayUrl }: Application): string {
  return fitRows([
    ["application", appId],
    ["gateway", gatewayUrl],
    [
      "calls",
      isChanged ? "frozen, of all replicas" : "were frozen for at least as long already; nothing was changed",
    ],
    ["because", `${after.code} (${after.kind === "operator" ? "" : "met "}by ${after.by})`],
    ["until", isEndless(after.untilMs) ? "riskline quota resume" : formatInstant(after.untilMs)],
    ["then", "one call probes; if it is answered well, the full rate is back within a minute"],
  ]);
}

/** This machine's clock is good enough to tell a thousand years from a few. */
const isEndless = (untilMs: number): boolean => lastsUntilResumed(untilMs - Date.now());
