import { expect, it } from "vitest";
import { KeptConnection } from "../../../scripts/cli/kept-connection.ts";

function numbered() {
  const closed: number[] = [];
  let opened = 0;
  const kept = new KeptConnection<number>(
    async () => (opened += 1),
    async (connection) => void closed.push(connection),
  );
  return { kept, closed };
}

const fail = async (): Promise<never> => {
  throw new Error("lost");
};

it("opens once for many questions", async () => {
  const { kept, closed } = numbered();
  expect([await kept.use(async (n) => n), await kept.use(async (n) => n)]).toEqual([1, 1]);
  await kept.close();
  await kept.close();
  expect(closed).toEqual([1]);
});

it("asks once more over a new one where a kept one has failed", async () => {
  const { kept, closed } = numbered();
  await kept.use(async (n) => n);
  expect(await kept.use((n) => (n === 1 ? fail() : Promise.resolve(n)))).toBe(2);
  expect(closed).toEqual([1]);
});

it("does not ask again where a new one fails, and begins anew the next time", async () => {
  const { kept, closed } = numbered();
  await expect(kept.use(fail)).rejects.toThrow("lost");
  expect(closed).toEqual([1]);
  expect(await kept.use(async (n) => n)).toBe(2);
});
