/**
 * A program of its own: waits until the pipe from the process that started it closes, then removes the
 * container named as its argument. The engine's client is loaded only then: waiting costs little.
 */
import { once } from "node:events";

process.stdin.resume();
await once(process.stdin, "end");
const { getContainerRuntimeClient } = await import("testcontainers");
const { container } = await getContainerRuntimeClient();
await container.getById(process.argv[2] ?? "").remove({ force: true, v: true });
