import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readRows } from "../../../scripts/cli/publish/read-rows.ts";
import { mapRow } from "../../../scripts/mappings/s-ffsd.ts";
import { parseTransaction } from "../../../shared/domain/transaction.ts";
import { collect } from "../cli/collect.ts";

/** Made up, in the form of the data set. */
const CSV = `Time,Source,Target,Amount,Location,Type,Labels
0,S1,T1,13.74,L100,TP100,2
0,S1,T1,13.74,L100,TP100,2
7,S2,T1,57.0,L101,TP265,0
86400,S1,T2,0.0,L100,TP100,1
`;

async function bodies(csv = CSV): Promise<Buffer[]> {
  const rows = await collect(readRows(Readable.from([Buffer.from(csv)]), "s-ffsd.csv", mapRow));
  return rows.map(({ body }) => body());
}

/** What the tests look at of a mapped row. */
interface Mapped {
  readonly transactionId: string;
  readonly geolocation: object;
  readonly deviceFingerprint: string;
  readonly occurredAt: string;
}

async function mapped(): Promise<Mapped[]> {
  const rows: Mapped[] = JSON.parse(`[${(await bodies()).join(",")}]`);
  return rows;
}

describe("S-FFSD rows", () => {
  it("become transactions", async () => {
    const [first] = await mapped();
    expect(first).toEqual({
      schemaVersion: 1,
      transactionId: "sffsd-0-2",
      rail: "alipay",
      userId: "S1",
      merchantId: "T1",
      merchantCategoryCode: "0100",
      amount: { value: "13.74", currency: "CNY" },
      deviceFingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
      geolocation: { latitude: expect.any(Number), longitude: expect.any(Number) },
      occurredAt: "2026-01-01T00:00:00.000+08:00",
      metadata: { label: "2" },
    });
  });

  it("that are alike still have ids of their own, the same at every reading", async () => {
    const ids = (await mapped()).map(({ transactionId }) => transactionId);
    expect(new Set(ids).size).toBe(4);
    expect((await mapped()).map(({ transactionId }) => transactionId)).toEqual(ids);
  });

  it("have one place for each location, one device for each payer, and a time of their own", async () => {
    const [first, second, third, fourth] = await mapped();
    expect(second?.geolocation).toEqual(first?.geolocation);
    expect(fourth?.geolocation).toEqual(first?.geolocation);
    expect(third?.geolocation).not.toEqual(first?.geolocation);
    expect(fourth?.deviceFingerprint).toBe(first?.deviceFingerprint);
    expect(third?.deviceFingerprint).not.toBe(first?.deviceFingerprint);
    expect([third?.occurredAt, fourth?.occurredAt]).toEqual([
      "2026-01-01T00:00:07.000+08:00",
      "2026-01-02T00:00:00.000+08:00",
    ]);
  });

  it("parse, but for an amount of nothing, which stays as it is", async () => {
    const parsed = (await bodies()).map((body) => parseTransaction(body));
    expect(parsed.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    expect(parsed[3]).toMatchObject({ problem: expect.stringContaining("amount.value") });
  });

  it("of another file are an error that names the line", async () => {
    await expect(bodies("Time,Source\n0,S1\n")).rejects.toThrow(/line 2: .*there is no column Target/);
  });
});
