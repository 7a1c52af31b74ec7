import { probeBroker } from "../../../shared/amqp/probe-broker.ts";
import { inspectKeys } from "../../../shared/alipay/inspect-keys.ts";
import { probeGateway } from "../../../shared/alipay/probe-gateway.ts";
import { readEnvironment, type Environment } from "../../../shared/process/settings/environment.ts";
import { likelyTypos } from "../../../shared/process/settings/likely-typos.ts";
import { readWhatCanBe, settingIfReadable } from "../../../shared/process/settings/read-settings.ts";
import type { Setting } from "../../../shared/process/settings/setting.ts";
import { SettingsError } from "../../../shared/process/settings/settings-error.ts";
import { ALL_SECTIONS, SETTINGS } from "../../../shared/process/settings/settings.ts";
import { probeRedis } from "../../../shared/redis/probe-redis.ts";
import { GROUPS, type Finding, type Group } from "./finding.ts";
import { brokerJudge } from "./judge-broker.ts";
import { judgeClocks } from "./judge-clocks.ts";
import { judgeCredentials } from "./judge-credentials.ts";
import { gatewayJudge } from "./judge-gateway.ts";
import { redisJudge } from "./judge-redis.ts";
import { judgeSettings, judgeUnreadableSettings } from "./judge-settings.ts";

/** One question to a server is answered in this time, or not at all. */
const ANSWER_WITHIN_MS = 5_000;
/** A look at the broker is many questions, one after the other. */
const QUESTIONS_TO_BROKER = 3;

/** The groups that are looked at over the network. */
export const REMOTES = ["broker", "redis", "gateway"] as const satisfies readonly Group[];
export type Remote = (typeof REMOTES)[number];

/** What a look at one server brought, and its clock minus this machine's where it told. */
interface Looked {
  readonly findings: readonly Finding[];
  readonly offsetMs?: number | undefined;
}

export interface ExamineOptions {
  readonly onLooked: (part: Remote) => void;
  readonly readSource?: () => Environment;
  /** How long a server may take for an answer. */
  readonly withinMs?: number;
}

/**
 * Looks at everything that a worker needs, all servers at once, and changes nothing anywhere. Each look has a deadline.
 * What is wrong with one part hides none of the others.
 */
export async function examine({
  onLooked,
  readSource = readEnvironment,
  withinMs = ANSWER_WITHIN_MS,
}: ExamineOptions): Promise<Finding[]> {
  let source: Environment;
  try {
    source = readSource();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const why = "the settings are not known";
    const skipped = [brokerJudge, redisJudge, gatewayJudge].flatMap(({ skip }) => skip(why));
    return [...judgeUnreadableSettings(error.problems), ...skipped];
  }
  const look = (part: Remote, ask: () => Promise<Looked>) => ask().finally(() => onLooked(part));
  const [broker, redis, gateway] = await Promise.all([
    look("broker", () => lookAtBroker(source, withinMs)),
    look("redis", () => lookAtRedis(source, withinMs)),
    look("gateway", () => lookAtGateway(source, withinMs)),
  ]);
  const clocks = judgeClocks({ redisOffsetMs: redis.offsetMs, gatewayOffsetMs: gateway.offsetMs });
  const all = [
    ...lookAtSettings(source),
    ...lookAtCredentials(source),
    ...[broker, redis, gateway].flatMap(({ findings }) => findings),
    ...clocks,
  ];
  return GROUPS.flatMap((group) => all.filter((finding) => finding.group === group));
}

function lookAtSettings(source: Environment): Finding[] {
  return judgeSettings({
    ...readWhatCanBe(ALL_SECTIONS, source),
    typos: likelyTypos(source),
    isSet: (name) => (source[name] ?? "").trim() !== "",
  });
}

function lookAtCredentials(source: Environment): Finding[] {
  const value = <T>(setting: Setting<T>): T | undefined => settingIfReadable(setting, source);
  const [appId, gatewayUrl] = [value(SETTINGS.application.appId), value(SETTINGS.application.gatewayUrl)];
  const facts = inspectKeys({
    appId: appId ?? "0",
    privateKey: value(SETTINGS.credentials.privateKey),
    publicKey: value(SETTINGS.credentials.publicKey),
  });
  const application = appId === undefined || gatewayUrl === undefined ? undefined : { appId, gatewayUrl };
  return judgeCredentials({ facts, application });
}

async function lookAtBroker(source: Environment, withinMs: number): Promise<Looked> {
  const text = settingIfReadable(SETTINGS.broker.url, source);
  if (text === undefined) return { findings: brokerJudge.skip("AMQP_URL cannot be read") };
  const [url, namespace] = [new URL(text), namespaceOf(source)];
  const hasResultsQueue = settingIfReadable(SETTINGS.broker.hasResultsQueue, source) ?? true;
  try {
    const signal = AbortSignal.timeout(QUESTIONS_TO_BROKER * withinMs);
    const facts = await probeBroker({ url: text, namespace, hasResultsQueue, signal });
    return { findings: brokerJudge.judge({ facts, url, namespace }) };
  } catch (error) {
    return { findings: brokerJudge.judgeError(error, url) };
  }
}

async function lookAtRedis(source: Environment, withinMs: number): Promise<Looked> {
  const text = settingIfReadable(SETTINGS.redis.url, source);
  if (text === undefined) return { findings: redisJudge.skip("REDIS_URL cannot be read") };
  const [url, namespace] = [new URL(text), namespaceOf(source)];
  try {
    const facts = await probeRedis({ url: text, namespace, withinMs });
    return { findings: redisJudge.judge({ facts, url, namespace }), offsetMs: facts.clockOffsetMs };
  } catch (error) {
    return { findings: redisJudge.judgeError(error, url) };
  }
}

async function lookAtGateway(source: Environment, withinMs: number): Promise<Looked> {
  const text = settingIfReadable(SETTINGS.application.gatewayUrl, source);
  if (text === undefined) return { findings: gatewayJudge.skip("ALIPAY_GATEWAY_URL cannot be read") };
  const [url, timeoutMs] = [new URL(text), settingIfReadable(SETTINGS.calls.timeoutMs, source)];
  try {
    const facts = await probeGateway(text, withinMs);
    return { findings: gatewayJudge.judge({ facts, url, timeoutMs }), offsetMs: facts.clockOffsetMs };
  } catch (error) {
    return { findings: gatewayJudge.judgeError(error, url) };
  }
}

/** Without a usable one, the default's names are looked at: nothing starts like this anyway. */
const namespaceOf = (source: Environment): string =>
  settingIfReadable(SETTINGS.installation.namespace, source) ?? "risk";
