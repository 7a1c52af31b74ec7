import type { QuotaCase } from "./quota-case.ts";
import type { Stage } from "./stage.ts";

const URGENT = 6;
/** From the producer to the broker, and on to a replica with its prefetch full. */
const DELIVERY_MS = 150;
/** What is left to standard work while urgent work could use all calls. */
const LEAST_STANDARD_SHARE = 0.02;

/** Lanes: who goes first, and that nobody waits for ever. */
export const LANE_CASES: readonly QuotaCase[] = [
  {
    name: "urgent-first",
    what: "urgent transactions overtake a standing backlog within a call's time",
    quota: "5/1s",
    replicas: 2,
    play: overtake,
  },
  {
    name: "urgent-flood",
    what: "a standing backlog of urgent transactions does not starve the standard ones",
    quota: "20/1s",
    replicas: 2,
    play: flood,
  },
];

async function overtake(stage: Stage): Promise<void> {
  await stage.run(2);
  const intervalMs = 1_000 / stage.sustainedRate;
  const mostMs = (stage.replicas.length + 1) * intervalMs + DELIVERY_MS;
  let worstMs = 0;
  for (let number = 0; number < URGENT; number += 1) {
    const prefix = `urgent${number}`;
    const publishedMs = performance.now();
    await stage.publish(1, prefix, "urgent");
    const isCalled = (): boolean => stage.arrivals.countOf(prefix, publishedMs) > 0;
    await stage.arrivals.comesTo(isCalled, 10_000);
    worstMs = Math.max(worstMs, performance.now() - publishedMs);
    await stage.run(Math.random());
  }
  stage.figures["slowestUrgentMs"] = worstMs;
  stage.promise(
    worstMs <= mostMs + stage.extent.lateMs,
    `an urgent call came after ${worstMs.toFixed(0)} ms, ${mostMs} were promised`,
  );
}

async function flood(stage: Stage): Promise<void> {
  const { seconds } = stage.extent;
  await stage.publish(Math.ceil(stage.sustainedRate * (seconds + 10)), "urgent", "urgent");
  await stage.run(2);
  const fromMs = performance.now();
  await stage.run(seconds);
  const standard = stage.arrivals.countOf("t-", fromMs);
  const urgent = stage.arrivals.countOf("urgent", fromMs);
  stage.figures["standardCalls"] = standard;
  stage.figures["urgentCalls"] = urgent;
  stage.promise((await stage.pipeline.ready("transactions.urgent")) > 0, "the urgent backlog was too small");
  stage.promise(
    standard >= LEAST_STANDARD_SHARE * (standard + urgent),
    `standard work starves: ${standard} calls, ${urgent} urgent ones`,
  );
}
