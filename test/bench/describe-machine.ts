import { cpus, totalmem } from "node:os";

/** What a figure was measured on: cores, memory, Node.js, and the servers' own description. */
export function describeMachine(servers: string): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ${gigabytes} GiB, Node.js ${process.version}; ${servers.replaceAll("\n", "; ")}`;
}
