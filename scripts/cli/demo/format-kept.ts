import type { Stage } from "./stage.ts";

/** How to play with what was left running. */
export function formatKept(
  { services, sandbox, environmentFile, namespace, crew }: Stage,
  seed: number,
): string {
  const control = sandbox.url.replace(/\/gateway\.do$/, "");
  return `
Everything still runs. Ctrl-C ends it and removes it.

  RabbitMQ   ${services.amqpUrl}
  Redis      ${services.redisUrl}
  gateway    ${sandbox.url}
  namespace  ${namespace}

In another terminal, in this folder, first:

  . ${environmentFile}

and then, for example:

  npx riskline status --watch
  npx riskline result sample-${seed}-000001
  npx riskline sample --seed ${seed + 1} | npx riskline publish -
  npx riskline results --follow
  curl -s ${control}/scenario -d '{"scenario":"outage"}'
  curl -s ${control}/report

A worker that you kill (kill -9 ${crew.pids[0] ?? "PID"}) is replaced, and nothing is lost.
`;
}
