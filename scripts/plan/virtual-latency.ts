import { LEDGER_RULES } from "../../shared/redis/ledger/ledger-rules.ts";

const { ANSWERS_COUNTED, ANSWERS_DOUBTED, LATENCY_PERIOD_MS } = LEDGER_RULES;
/** Redis forgets it so long after a period has begun in which there was no answer later on. */
const KEPT_MS = 3 * LATENCY_PERIOD_MS;

/** The least latency that any replica saw in the last five to ten minutes, as permit-answered.lua keeps it. */
export class VirtualLatency {
  #answers = 0;
  #answersBefore = 0;
  #sinceMs = -Infinity;
  #leastMs = Infinity;
  #beforeMs = Infinity;

  observe(latencyMs: number, nowMs: number): void {
    if (nowMs - this.#sinceMs >= KEPT_MS) this.#forget();
    if (nowMs - this.#sinceMs >= LATENCY_PERIOD_MS) {
      this.#beforeMs = this.#leastMs;
      this.#answersBefore = this.#answers;
      this.#leastMs = latencyMs;
      this.#answers = 0;
      this.#sinceMs = nowMs;
    }
    this.#leastMs = Math.min(this.#leastMs, latencyMs);
    this.#answers = Math.min(this.#answers + 1, ANSWERS_COUNTED);
  }

  /** How long before its answer a call had arrived at the latest. */
  creditMs(): number {
    const answers = this.#answers + this.#answersBefore;
    if (answers === 0) return 0;
    // Few answers may all have been slow on the way to the gateway.
    return (Math.min(this.#leastMs, this.#beforeMs) * answers) / (answers + ANSWERS_DOUBTED);
  }

  #forget(): void {
    this.#answers = 0;
    this.#answersBefore = 0;
    this.#leastMs = Infinity;
    this.#beforeMs = Infinity;
  }
}
