import { REPLICA_CALLS_PER_SECOND } from "../../../shared/domain/useful-replicas.ts";
import { isPrivateHost } from "../../../shared/process/settings/private-host.ts";
import type { ReadWhatCanBe, SettingFinding } from "../../../shared/process/settings/read-settings.ts";
import type { AllSettings } from "../../../shared/process/settings/settings.ts";
import { prefetchShares } from "../../../workers/risk-detection/prefetch-shares.ts";
import { formatDuration } from "../format-duration.ts";
import { judgeAll, ok, problem, warning, type Check, type Finding, type Verdict } from "./finding.ts";

/** What the checks of settings look at. */
export interface SettingsView extends ReadWhatCanBe {
  /** Names that look like settings and are none. */
  readonly typos: readonly string[];
  /** Whether a variable is in the environment, or in .env: its default is nobody's choice. */
  readonly isSet: (name: string) => boolean;
}

/** Every problem and warning that a worker would tell, and what no worker would trouble its log with. */
export function judgeSettings(view: SettingsView): Finding[] {
  const told = [
    ...view.problems.map((found) => findingOf(found, problem)),
    ...view.warnings.map((found) => findingOf(found, warning)),
    ...view.typos.map((found) => ({
      id: "settings-typo",
      group: "settings" as const,
      ...warning(found, "rename the variable, or take it away"),
    })),
    ...judgeAll("settings", ADVICE, view),
  ];
  if (view.problems.length > 0) return told;
  return [{ id: "settings-values", group: "settings", ...ok("every setting can be read") }, ...told];
}

/** The settings cannot be looked at: the file cannot be read. */
export function judgeUnreadableSettings(problems: readonly string[]): Finding[] {
  const cure = "make .env a file that this user can read, or take it away";
  return [{ id: "settings-file", group: "settings", ...problem(problems.join("; "), cure) }];
}

function findingOf(
  { id, problem: found, cure }: SettingFinding,
  verdict: (found: string, cure: string) => Verdict,
): Finding {
  const name = id.toLowerCase().replaceAll("_", "-");
  return { id: `settings-${name}`, group: "settings", ...verdict(found, cure) };
}

/** How long a call takes, a little generously. */
const CALL_S = 0.1;
/** What would wait longer for its permit is moved to the waiting queue. */
const LONGEST_IN_HAND_S = 60;
/** Alipay's own ban. */
const BAN_MS = 24 * 3_600_000;

type Settings = Partial<AllSettings>;
type Warn = (settings: Settings, isSet: SettingsView["isSet"]) => Verdict | undefined;

const advice = (id: string, warn: Warn): Check<SettingsView> => ({
  id: `settings-${id}`,
  judge: ({ read, isSet }) => warn(read, isSet),
});

/** What works and is hardly meant. */
const ADVICE: readonly Check<SettingsView>[] = [
  advice("without-effect", ({ policy }, isSet) => {
    const idle = ["CACHE_TTL_SECONDS", "BELOW_THRESHOLD"].filter(isSet);
    if (policy?.scoreAboveFen !== 0 || idle.length === 0) return undefined;
    return warning(
      `${idle.join(" and ")} without effect: with SCORE_ABOVE=0 every transaction is called for`,
      "set SCORE_ABOVE to the amount above which a call is always worth its price",
    );
  }),
  advice("no-review", ({ policy }) =>
    policy === undefined || policy.reviewAt !== policy.declineAt
      ? undefined
      : warning("RISK_REVIEW_AT equals RISK_DECLINE_AT: no score is ever a review", "lower RISK_REVIEW_AT"),
  ),
  advice("prefetch-small", ({ worker, quota }) => {
    if (worker === undefined || quota === undefined) return undefined;
    const { standard } = prefetchShares(worker.prefetch);
    const mayMake = Math.min(perSecond(quota), REPLICA_CALLS_PER_SECOND);
    const canMake = Math.round(standard / CALL_S);
    if (canMake >= mayMake) return undefined;
    return warning(
      `PREFETCH: ${standard} of ${worker.prefetch} are the standard lane's, enough for ${canMake} calls a second; one replica could make ${Math.floor(mayMake)}`,
      "raise PREFETCH (default 250)",
    );
  }),
  advice("prefetch-large", ({ worker, quota }) => {
    if (worker === undefined || quota === undefined) return undefined;
    const lastsS = worker.prefetch / perSecond(quota);
    if (lastsS <= LONGEST_IN_HAND_S) return undefined;
    return warning(
      `PREFETCH: ${worker.prefetch} deliveries are ${formatDuration(lastsS * 1_000)} of the quota: most go round by the waiting queue, and other replicas see none`,
      `lower PREFETCH to ${Math.max(4, Math.floor(perSecond(quota) * LONGEST_IN_HAND_S))}`,
    );
  }),
  advice("freeze-short", ({ quota, application }) => {
    if (quota === undefined || application === undefined || quota.freezeMs >= BAN_MS) return undefined;
    if (isPrivateHost(new URL(application.gatewayUrl).hostname)) return undefined;
    return warning(
      `FREEZE_HOURS: ${formatDuration(quota.freezeMs)} is over before Alipay's ban of 24 hours, so calls go on into it`,
      "raise FREEZE_HOURS to 24",
    );
  }),
  advice("broker-plain", ({ broker }) => plainText(broker?.url, "AMQP_URL", "amqps")),
  advice("redis-plain", ({ redis }) => plainText(redis?.url, "REDIS_URL", "rediss")),
  advice("broker-default-user", ({ broker }) => {
    const url = publicUrl(broker?.url);
    if (url === undefined || (url.username !== "" && url.username !== "guest")) return undefined;
    return warning(
      'AMQP_URL: the user "guest", whose password everybody knows, at a public host',
      "make a user of its own: rabbitmqctl add_user NAME PASSWORD, and delete guest",
    );
  }),
  advice("redis-no-password", ({ redis }) => {
    const url = publicUrl(redis?.url);
    if (url === undefined || url.password !== "") return undefined;
    return warning(
      "REDIS_URL: no password, at a public host",
      "set one (requirepass, or ACL SETUSER) and put it into REDIS_URL",
    );
  }),
];

/** What the tightest window admits over a long time. */
const perSecond = ({ windows }: AllSettings["quota"]): number =>
  Math.min(...windows.map(({ calls, windowMs }) => (calls * 1_000) / windowMs));

function publicUrl(text: string | undefined): URL | undefined {
  const url = text === undefined ? undefined : new URL(text);
  return url === undefined || isPrivateHost(url.hostname) ? undefined : url;
}

function plainText(text: string | undefined, variable: string, secure: string): Verdict | undefined {
  const url = publicUrl(text);
  if (url === undefined || url.protocol === `${secure}:`) return undefined;
  return warning(
    `${variable}: plain text to a public host shows the password and every transaction on the way`,
    `let ${variable} begin with ${secure}:, at the port for TLS`,
  );
}
