import { Command } from "commander";
import { formatInstant } from "../../../shared/domain/instant.ts";
import { readLedgerOverview } from "../../../shared/redis/ledger/ledger-overview.ts";
import {
  lastsUntilResumed,
  LedgerOperator,
  type StandingHold,
} from "../../../shared/redis/ledger/operate-ledger.ts";
import { agreeToDanger } from "../agree-to-danger.ts";
import { fitRows } from "../fit-rows.ts";
import { formatDuration } from "../format-duration.ts";
import { formatJson } from "../format-json.ts";
import { readCommandSettings } from "../read-command-settings.ts";
import { reasonFlag } from "../reason-flag.ts";
import { withRedis } from "../with-redis.ts";

interface ResumeFlags {
  readonly reason: string;
  readonly yes?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ riskline quota resume --reason "maintenance is over"
  $ riskline quota resume --reason "Alipay lifted the ban, ticket 4711" --yes

Ends the freeze, and the holds for missing permission of all credentials, before their time: the next call probes, and
only if it is answered well the others follow, at the full rate within a minute. What cannot be resumed is the hold after
too many limit answers: it ends when the oldest of them is a day old.`;

/** Kinds that a call more does no harm to; a kind that a newer version knows may be a ban. */
const HARMLESS = new Set(["operator", "permission"]);

/** `riskline quota resume`: calls again, one first. */
export function quotaResumeCommand(): Command {
  return new Command("resume")
    .description("ends the freeze and the permission holds early: one call probes, then all follow")
    .requiredOption("--reason <text>", "why, for the audit", reasonFlag)
    .option("--yes", "also before the end of a ban")
    .option("--json", "print what was done as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: ResumeFlags) => {
      const resumption = await run(flags);
      process.stdout.write(flags.json ? resumptionJson(resumption) : formatResumption(resumption));
      refuseStrikes(resumption);
    });
}

async function run({ reason, yes }: ResumeFlags) {
  const settings = readCommandSettings(["installation", "redis", "application", "quota"]);
  const { application, installation, quota } = settings;
  return withRedis(settings.redis.url, async (client) => {
    const operator = new LedgerOperator(client, { ...application, ...installation });
    const found = await operator.standingHolds();
    const standing = found.filter(({ remainingMs, isBeingProbed }) => remainingMs > 0 && !isBeingProbed);
    const banned = standing.filter(({ kind }) => !HARMLESS.has(kind));
    if (banned.length > 0) await agreeToDanger(dangerOf(banned), yes === true);
    const resumed = standing.length === 0 ? 0 : await operator.resume(reason, standing);
    if (resumed < standing.length) {
      throw new Error(
        `${standing.length - resumed} of ${standing.length} holds changed meanwhile; look again`,
      );
    }
    const { strikes } = await readLedgerOverview(client, application, quota.windows);
    const limit = quota.limitStrikesPerDay;
    return {
      application,
      resumed: standing,
      due: found.length - standing.length,
      strikes: { count: strikes, limit },
    };
  });
}
type Resumption = Awaited<ReturnType<typeof run>>;

function dangerOf(banned: readonly StandingHold[]): string {
  const named = banned.map(({ kind, code, remainingMs }) => `${kind}, ${code}, ${leftText(remainingMs)}`);
  return (
    `The gateway has shut this application out (${named.join("; ")}). A call before that is over ` +
    "may make the ban longer. Resume only if Alipay has lifted it."
  );
}

function resumptionJson({ application, resumed, due, strikes }: Resumption): string {
  const said = {
    act: "quota-resume",
    ...application,
    isChanged: resumed.length > 0,
    resumed: resumed.map(({ kind, code, by, untilMs, remainingMs }) => ({
      kind,
      code,
      by,
      until: lastsUntilResumed(remainingMs) ? null : formatInstant(untilMs),
    })),
    probesDue: due,
    strikes,
    isHeldByStrikes: strikes.count >= strikes.limit,
  };
  return formatJson(said);
}

function formatResumption({ application, resumed, due, strikes }: Resumption): string {
  const rows = resumed.map(({ kind, code, remainingMs }) => {
    return [`hold: ${kind}`, `${code}; ended${earlyText(remainingMs)}`] as const;
  });
  return fitRows([
    ["application", application.appId],
    ["gateway", application.gatewayUrl],
    ...(rows.length === 0 ? [["holds", "none that waits for its end; nothing was changed"] as const] : rows),
    ["then", nextOf(resumed.length + due, strikes)],
  ]);
}

function nextOf(probes: number, { count, limit }: Resumption["strikes"]): string {
  if (count >= limit) return `no call: ${count} limit answers in 24 h, until the oldest is a day old`;
  if (probes === 0) return "calls go on as they did";
  return "the next call probes; if it is answered well, the full rate is back within a minute";
}

function earlyText(remainingMs: number): string {
  return lastsUntilResumed(remainingMs) ? "" : ` ${formatDuration(remainingMs)} early`;
}

function leftText(remainingMs: number): string {
  return lastsUntilResumed(remainingMs) ? "until resumed" : `for another ${formatDuration(remainingMs)}`;
}

/** @throws where calls stay held, because nobody can resume them */
function refuseStrikes({ strikes: { count, limit } }: Resumption): void {
  if (count < limit) return;
  throw new Error(
    `calls stay held: LIMIT_STRIKES_PER_DAY is used up (${count} limit answers), which cannot be resumed`,
  );
}
