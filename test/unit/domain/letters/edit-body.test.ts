import { describe, expect, it } from "vitest";
import { editBody, type BodyEdit } from "../../../../shared/domain/letters/edit-body.ts";

const edited = (body: string, ...edits: BodyEdit[]): string => {
  const result = editBody(Buffer.from(body), edits);
  if (!result.ok) throw new Error(result.problem);
  return result.value.toString();
};

describe("an edited body", () => {
  it("has its fields changed, added and taken away", () => {
    const body = '{"a":"1","amount":{"value":"0.00"},"merchantID":"x"}';
    expect(edited(body, { path: "amount.value", value: "12.50" })).toBe(body.replace("0.00", "12.50"));
    expect(
      JSON.parse(
        edited(body, { path: "merchantID", value: undefined }, { path: "metadata.a.b", value: "till" }),
      ),
    ).toEqual({ a: "1", amount: { value: "0.00" }, metadata: { "a.b": "till" } });
    expect(edited('{"amount":5}', { path: "amount.value", value: "5" })).toBe('{"amount":{"value":"5"}}');
    expect(JSON.parse(edited('{"geolocation":{}}', { path: "geolocation.latitude", value: "31.2" }))).toEqual(
      {
        geolocation: { latitude: 31.2 },
      },
    );
  });

  it("is as it was in all else: a field that is there twice is still there twice", () => {
    const twice = '{ "userId":"a", "userId":"b",  "latitude": 31.20000000000000000001, "x":"1" }';
    expect(edited(twice, { path: "x", value: "2" })).toBe(twice.replace('"1"', '"2"'));
  });

  it("is not made of what is no UTF-8: a payer would become another one", () => {
    const body = Buffer.concat([Buffer.from('{"userId":"2088'), Buffer.of(0xff), Buffer.from('","x":"1"}')]);
    expect(editBody(body, [{ path: "x", value: "2" }])).toMatchObject({
      ok: false,
      problem: expect.stringContaining("no UTF-8"),
    });
  });

  it.each(["[]", "1", '"text"', "null", "{", "", '{"a":1,}'])("is not made of %j", (body) => {
    expect(editBody(Buffer.from(body), [{ path: "a", value: "1" }])).toMatchObject({ ok: false });
  });

  it.each(["", "__proto__", "__proto__.x", "a.__proto__", "a."])("has no field %j", (path) => {
    expect(editBody(Buffer.from('{"a":{}}'), [{ path, value: "1" }])).toMatchObject({ ok: false });
  });

  it.each(["b", "a.b", "toString", "a.b.c"])("has nothing to take away at %j", (path) => {
    expect(editBody(Buffer.from('{"a":{}}'), [{ path, value: undefined }])).toMatchObject({
      ok: false,
      problem: `${path}: is not there`,
    });
  });
});
