import { expect, it } from "vitest";
import { freePort } from "../../../scripts/services/free-port.ts";

it("tells nobody a port that somebody was told before, and may not listen on yet", async () => {
  const ports = new Set<number>();
  for (let i = 0; i < 600; i += 1) ports.add(await freePort());
  expect(ports.size).toBe(600);
});
