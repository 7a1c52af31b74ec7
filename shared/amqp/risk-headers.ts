/** The headers that are ours; a producer's own under this prefix mean nothing (contract, sections 2 and 4). */
export const RISK_PREFIX = "x-risk-";
/** What would change the way or the life of a copy is kept under this one (carry-over.ts). */
export const ORIGINAL_PREFIX = "x-risk-original-";

/** By what they tell; dead letters bear those down to the body's digest (contract, section 4). */
export const RISK_HEADERS = {
  reason: "x-risk-reason",
  detail: "x-risk-detail",
  /** The gateway's, where it gave one … */
  code: "x-risk-code",
  /** … or else what became of the last call, in a word of ours. */
  cause: "x-risk-cause",
  attempts: "x-risk-attempts",
  replays: "x-risk-replays",
  failedAt: "x-risk-failed-at",
  worker: "x-risk-worker",
  bodySha256: "x-risk-body-sha256",
  /** Of a replay: which dead letter it puts back, so that the same one is not put back twice. */
  instance: "x-risk-instance",
  /** Of a replay: so many of the calls made do not count against the limit. */
  forgivenCalls: "x-risk-forgiven-calls",
  /** Which run of `dead-letters replay` put it back; stays on what becomes a dead letter again. */
  replayId: "x-risk-replay-id",
  /** When an operator changed the body. */
  editedAt: "x-risk-edited-at",
  /** Which lane a waiting delivery came in by. */
  lane: "x-risk-lane",
  /** On a waiting copy: its fallback was told, and the true score is still wanted. */
  upgrade: "x-risk-upgrade",
  /** Names of producer's headers and properties that AMQP could bring but amqplib cannot write. */
  dropped: "x-risk-dropped",
} as const;
