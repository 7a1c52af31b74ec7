import type { KeyObject } from "node:crypto";
import { answerLabel, type Answer, type RefusalEnvelope } from "./answer.ts";
import { CallLog } from "./call-log.ts";
import { checkFreshness, type Freshness } from "./check-freshness.ts";
import type { Clock } from "./clock.ts";
import { decodeForm } from "./decode-form.ts";
import { draw } from "./draw.ts";
import { drawFault } from "./draw-fault.ts";
import { FAULTS, type Fault, type FaultName } from "./faults.ts";
import { drawLatencyMs, type Latency } from "./latency.ts";
import { NonceMemory } from "./nonce-memory.ts";
import { parseBizContent, type ParsedBizContent } from "./parse-biz-content.ts";
import { QuotaGuard, type Admission, type GuardRules } from "./quota-guard.ts";
import { createRandom, type Random } from "./random.ts";
import { invalid, PUNISHED, type Refusal } from "./refusal.ts";
import type { Report } from "./report.ts";
import { SCENARIOS, type Scenario, type ScenarioName } from "./scenarios.ts";
import { detect } from "./score.ts";
import { DETECT_METHOD, verifyRequest, type Application, type SignedRequest } from "./verify-request.ts";

/** What becomes of the nth well-signed call for a transaction; undefined leaves it to the scenario. */
export type Script = (transactionId: string, attempt: number) => Fault | FaultName | undefined;

/** Everything that makes a gateway what it is, but for the server around it. */
export interface GatewayRules extends GuardRules {
  readonly appId: string;
  /** Verifies the calls. */
  readonly appPublicKey: KeyObject;
  readonly scenario: ScenarioName;
  /** Of faults and latencies; scores need none. */
  readonly seed: number;
  /** Replaces every scenario's own. */
  readonly latency: Latency | undefined;
  readonly timestampToleranceMs: number;
  readonly script: Script | undefined;
  readonly clock: Clock;
}

/** What was decided about a call, and when its answer is due. */
export interface Decision {
  readonly answer: Answer;
  readonly latencyMs: number;
  /** The gateway's time of day, for the `Date` header. */
  readonly dateMs: number;
}

/**
 * Judges calls in the order of their arrival. Judging is synchronous: what counts is the moment at which a call
 * has arrived whole, and no two calls can overtake each other on the way to the meter.
 */
export class Gateway {
  readonly #rules: GatewayRules;
  readonly #application: Application;
  readonly #guard: QuotaGuard;
  readonly #nonces: NonceMemory;
  readonly #log: CallLog;
  readonly #random: Random;
  #scenarioName: ScenarioName;

  constructor(rules: GatewayRules) {
    this.#rules = rules;
    this.#application = { appId: rules.appId, publicKey: rules.appPublicKey };
    this.#guard = new QuotaGuard(rules);
    // A time stamp may be as far ahead as behind: its call stays acceptable for twice the tolerance.
    this.#nonces = new NonceMemory(2 * rules.timestampToleranceMs);
    this.#log = new CallLog(rules.clock.wallMs());
    this.#random = createRandom(rules.seed);
    this.#scenarioName = rules.scenario;
  }

  setScenario(name: ScenarioName): void {
    this.#scenarioName = name;
  }

  /** Judges one call, given as its query and its body, both form-encoded. */
  judge(query: string, body: string): Decision {
    const latencyMs = drawLatencyMs(this.#rules.latency ?? this.#scenario.latency, this.#random);
    const answer = this.#judgeParameters(query, body);
    this.#log.noteAnswer(answerLabel(answer), answer.kind === "refused" ? answer.refusal.subCode : undefined);
    return { answer, latencyMs, dateMs: this.#wallMs() };
  }

  /** Notes a request that was none: a wrong HTTP method, type or size, or one that broke off. */
  noteUnreadable(label: string): void {
    this.#log.noteArrival(this.#rules.clock.wallMs());
    this.#log.noteAnswer(label, undefined);
  }

  report(): Report {
    const nowMs = this.#rules.clock.monotonicMs();
    return this.#log.report({
      scenario: this.#scenarioName,
      peaks: this.#guard.peaks(),
      strikes: this.#guard.strikes(nowMs),
      isBanned: this.#guard.isBanned(nowMs),
      nowMs: this.#rules.clock.wallMs(),
    });
  }

  get #scenario(): Scenario {
    return SCENARIOS[this.#scenarioName];
  }

  #wallMs(): number {
    return this.#rules.clock.wallMs() + this.#scenario.clockOffsetMs;
  }

  #judgeParameters(query: string, body: string): Answer {
    this.#log.noteArrival(this.#rules.clock.wallMs());
    const parameters = decodeForm(query, body);
    if (parameters === undefined) return refuse(UNREADABLE, "error_response");
    const verified = verifyRequest(parameters, this.#application);
    if (verified.ok) return this.#judgeCall(verified.request);
    if (verified.refusal.subCode === "isv.invalid-signature") this.#log.noteInvalidSignature();
    // Without a known method there is no name for the envelope; without a known caller, nothing to sign for.
    const isMethodKnown = parameters.get("method") === DETECT_METHOD;
    return refuse(verified.refusal, isMethodKnown ? "unsigned" : "error_response");
  }

  /** A well-signed call counts from here on, in quota, nonces and report, whatever becomes of it. */
  #judgeCall(request: SignedRequest): Answer {
    const nowMs = this.#rules.clock.monotonicMs();
    const admission = this.#guard.admit(nowMs, this.#scenario.quotaShare);
    const freshness = checkFreshness(request, {
      wallMs: this.#wallMs(),
      monotonicMs: nowMs,
      toleranceMs: this.#rules.timestampToleranceMs,
      nonces: this.#nonces,
    });
    const biz = parseBizContent(request.bizContent);
    const attempt = this.#log.noteCall(biz.transactionId, freshness);
    return (
      this.#refuseByQuota(admission, nowMs) ??
      refuseStale(freshness) ??
      this.#answer(biz, this.#chooseFault(biz.transactionId, attempt), nowMs)
    );
  }

  #refuseByQuota(admission: Admission, nowMs: number): Answer | undefined {
    if (this.#scenario.isBanned || admission === "banned") return refuse(PUNISHED);
    return admission === "limited" ? this.#limit(FAULTS[this.#scenario.limitAnswer], nowMs) : undefined;
  }

  /** A limit answer is a strike, whoever gave it; the strike that is one too many is answered by the ban. */
  #limit(answer: Answer, nowMs: number): Answer {
    return this.#guard.strike(nowMs) ? refuse(PUNISHED) : answer;
  }

  #chooseFault(transactionId: string | undefined, attempt: number): Fault | undefined {
    const scripted = transactionId === undefined ? undefined : this.#rules.script?.(transactionId, attempt);
    if (scripted !== undefined) return typeof scripted === "string" ? FAULTS[scripted] : scripted;
    return drawFault(this.#scenario.faults, this.#fateOf(transactionId, attempt));
  }

  /** The same attempt for the same transaction meets the same fate, in whatever order replicas make their calls. */
  #fateOf(transactionId: string | undefined, attempt: number): Random {
    if (transactionId === undefined) return this.#random;
    return () => draw("fault", `${this.#rules.seed}\n${transactionId}\n${attempt}`);
  }

  #answer(biz: ParsedBizContent, fault: Fault | undefined, nowMs: number): Answer {
    if (fault !== undefined && fault.kind !== "spoiled") {
      return isLimitAnswer(fault) ? this.#limit(fault, nowMs) : fault;
    }
    if (!biz.ok) return refuse(biz.refusal);
    return { kind: "detected", detection: detect(biz.content), spoiling: fault?.spoiling };
  }
}

const UNREADABLE = invalid("isv.invalid-parameter", "the parameters are not well-formed UTF-8 form data");

const refuse = (refusal: Refusal, envelope: RefusalEnvelope = "signed"): Answer => ({
  kind: "refused",
  refusal,
  envelope,
});

const refuseStale = ({ refusal }: Freshness): Answer | undefined => refusal && refuse(refusal);

const isLimitAnswer = (answer: Answer): boolean =>
  (answer.kind === "http" && answer.status === 429) ||
  (answer.kind === "refused" && answer.refusal.code === "40005");
