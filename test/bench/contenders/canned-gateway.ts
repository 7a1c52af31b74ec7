// A gateway that verifies nothing and answers every call with the same signed success, at once or after LATENCY_MS: what
// is measured is the client. Told "report", it says how long each transaction's call was with it.
import { createSign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

process.once("disconnect", () => process.exit()); // does not outlive the benchmark

const env = z.object({ GATEWAY_PRIVATE_KEY: z.string(), LATENCY_MS: z.coerce.number() }).parse(process.env);

const node = JSON.stringify({
  code: "10000",
  msg: "Success",
  risk_score: "0.62",
  rule_codes: ["DEVICE_VELOCITY"],
});
const sign = createSign("RSA-SHA256").update(node).sign(env.GATEWAY_PRIVATE_KEY, "base64");
const answer = Buffer.from(`{"alipay_security_risk_detect_response":${node},"sign":"${sign}"}`);
const HEADERS = {
  "content-type": "text/html;charset=utf-8",
  "content-length": answer.length,
  trace_id: "21a3f0c2b7d94e5f8a6b1c0d2e3f4a5b",
};
const TRANSACTION_ID = /transaction_id%22%3A%22([\w.-]+)%22/;

const calls: [transactionId: string, ms: number][] = [];

const server = createServer((request, response) => {
  const arrivedAtMs = performance.now();
  void buffer(request).then(async (body) => {
    if (env.LATENCY_MS > 0) {
      const [, transactionId = ""] = TRANSACTION_ID.exec(body.toString()) ?? [];
      response.once("finish", () => calls.push([transactionId, performance.now() - arrivedAtMs]));
      await sleep(env.LATENCY_MS);
    }
    response.writeHead(200, HEADERS).end(answer);
  });
});
server.keepAliveTimeout = 60_000;
await once(server.listen(0, "127.0.0.1"), "listening");
process.on("message", () => process.send?.(calls));
process.send?.(server.address());
