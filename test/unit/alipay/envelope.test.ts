import { describe, expect, it } from "vitest";
import { createOfficialSdk } from "../../../shared/alipay/official-sdk.ts";
import { readEnvelope } from "../../../shared/alipay/envelope.ts";
import { newKeyPair } from "../../support/new-key-pair.ts";
import { envelopeOf, signRsa2 } from "./fixtures.ts";

const gatewayKeys = newKeyPair();
const key = gatewayKeys.privateKey;
const sdk = createOfficialSdk({ appId: "1", privateKey: key, alipayPublicKey: gatewayKeys.publicKey });

const read = (text: string | Buffer) =>
  readEnvelope(Buffer.from(text), (signed, signature) => sdk.rsaCheck(signed, signature, "RSA2"));
const response = (riskScore: string, ruleCodes = '["DEVICE_VELOCITY"]') =>
  `{"code":"10000","msg":"Success","risk_score":${riskScore},"rule_codes":${ruleCodes}}`;
const scored = (riskScore: number, ruleCodes = ["DEVICE_VELOCITY"]) => ({
  kind: "scored",
  riskScore,
  ruleCodes,
});

describe("a signed success", () => {
  it.each([
    ['"0.62"', 0.62],
    ["0.62", 0.62],
    ['"0"', 0],
    ["1", 1],
    ['"1.000"', 1],
    ["1e-3", 0.001],
    ['"1E-3"', 0.001],
    ['".5"', 0.5],
  ])("with risk_score %s", (text, riskScore) => {
    expect(read(envelopeOf(response(text), key))).toEqual(scored(riskScore));
  });

  it.each([
    '""',
    '" "',
    '"NaN"',
    "null",
    '"0x1"',
    '"Infinity"',
    "1.01",
    '"1.0001"',
    "-0.1",
    '"-0"',
    "true",
    '["0.5"]',
    "{}",
    "1e400",
  ])("with risk_score %s is unreadable, never a default", (text) => {
    expect(read(envelopeOf(response(text), key))).toMatchObject({ kind: "unreadable" });
  });

  it("without a risk_score is unreadable", () => {
    expect(read(envelopeOf('{"code":"10000","rule_codes":[]}', key))).toMatchObject({ kind: "unreadable" });
  });

  it("may do without rule codes", () => {
    expect(read(envelopeOf('{"code":"10000","risk_score":"0.1"}', key))).toEqual(scored(0.1, []));
    expect(read(envelopeOf(response("0.1", "[]"), key))).toEqual(scored(0.1, []));
    expect(read(envelopeOf(response("0.1", "null"), key))).toEqual(scored(0.1, []));
  });

  it.each([
    ["a text", '"A"'],
    ["a number in it", "[1]"],
    ["an empty code", '[""]'],
    ["a long code", JSON.stringify(["A".repeat(129)])],
    ["101 codes", JSON.stringify(Array.from({ length: 101 }, (_, index) => `R${index}`))],
  ])("with rule codes that are %s is unreadable", (_, ruleCodes) => {
    expect(read(envelopeOf(response("0.1", ruleCodes), key))).toMatchObject({ kind: "unreadable" });
  });

  it("is verified over its raw text: blanks, order, escapes and other charsets included", () => {
    const odd =
      '{ "risk_score" : "0.5",\n"rule_codes":["风险","\\u98ce","}","\\"sign\\"", "sign"], "code":10000 }';
    expect(read(envelopeOf(odd, key))).toEqual(scored(0.5, ["风险", "风", "}", '"sign"', "sign"]));
  });

  it("is found beside a certificate's serial number and blanks around the sign", () => {
    const signature = signRsa2(response("0.5"), key);
    expect(
      read(
        `{"alipay_security_risk_detect_response" : ${response("0.5")} , "alipay_cert_sn":"x", "sign" : "${signature}"}\n`,
      ),
    ).toEqual(scored(0.5));
  });

  it("may have been signed before its slashes were escaped (the Java SDK's second try)", () => {
    const signature = signRsa2(response("0.5", '["a/b"]'), key);
    const sent = response("0.5", '["a\\/b"]');
    expect(read(`{"alipay_security_risk_detect_response":${sent},"sign":"${signature}"}`)).toEqual(
      scored(0.5, ["a/b"]),
    );
  });
});

describe("a success that is not believed", () => {
  const genuine = response("0.01");
  const signature = signRsa2(genuine, key);
  const forged = response("0.99");

  it.each([
    ["unsigned", envelopeOf(genuine), "absent"],
    ["with an empty sign", `{"alipay_security_risk_detect_response":${genuine},"sign":""}`, "absent"],
    ["with sign null", `{"alipay_security_risk_detect_response":${genuine},"sign":null}`, "absent"],
    ["signed by another key", envelopeOf(genuine, newKeyPair().privateKey), "wrong"],
    [
      "with a sign that is no base64",
      `{"alipay_security_risk_detect_response":${genuine},"sign":"%"}`,
      "wrong",
    ],
    ["with another score", envelopeOf(genuine, key).replace('risk_score":0.01', 'risk_score":0.02'), "wrong"],
    [
      "with its sign in front",
      `{"sign":"${signature}","alipay_security_risk_detect_response":${genuine}}`,
      "wrong",
    ],
    ["under error_response, unsigned", envelopeOf(genuine, undefined, "error_response"), "absent"],
  ])("%s", (_, text, expected) => {
    expect(read(text)).toEqual({ kind: "unproven", signature: expected });
  });

  it("a forged response beside a signed one is never read", () => {
    const decoy = `{"x_alipay_security_risk_detect_response":${genuine},"sign":"${signature}","alipay_security_risk_detect_response":${forged}}`;
    expect(read(decoy)).toEqual({ kind: "unproven", signature: "wrong" });
    const swapped = `{"alipay_security_risk_detect_response":${forged},"y":${genuine},"sign":"${signature}"}`;
    expect(read(swapped)).toEqual({ kind: "unproven", signature: "wrong" });
  });
});

describe("a refusal", () => {
  const limited = '{"code":"40005","msg":"Call Limited","sub_code":"isv.app-call-limited","sub_msg":"…"}';

  it.each([
    ["signed", envelopeOf(limited, key), "valid"],
    ["unsigned", envelopeOf(limited), "absent"],
    ["wrongly signed", envelopeOf(limited, newKeyPair().privateKey), "wrong"],
    ["under error_response", envelopeOf(limited, undefined, "error_response"), "absent"],
    ["signed under error_response", envelopeOf(limited, key, "error_response"), "valid"],
  ])("%s", (_, text, signature) => {
    expect(read(text)).toEqual({
      kind: "refused",
      code: "40005",
      subCode: "isv.app-call-limited",
      signature,
    });
  });

  it("may give its code as a number and no sub-code", () => {
    const expected = { kind: "refused", code: "40006", subCode: undefined, signature: "absent" };
    expect(read('{"error_response":{"code":40006}}')).toEqual(expected);
    expect(read('{"error_response":{"code":"40006","sub_code":null}}')).toEqual(expected);
  });

  it("keeps its codes where its texts are in another charset", () => {
    const gbk = Buffer.from([0xb5, 0xf7, 0xd3, 0xc3]);
    const [head, tail] = [
      '{"error_response":{"code":"40006","msg":"',
      '","sub_code":"isv.app-api-punished"}}',
    ];
    const answer = Buffer.concat([Buffer.from(head), gbk, Buffer.from(tail)]);
    expect(read(answer)).toMatchObject({ kind: "refused", subCode: "isv.app-api-punished" });
  });
});

it.each([
  ["nothing", ""],
  ["HTML", "<html><body>502 Bad Gateway</body></html>"],
  ["half an answer", envelopeOf(response("0.5"), key).slice(0, 60)],
  ["a text", '"10000"'],
  ["null", "null"],
  ["an array", "[]"],
  ["another API's answer", envelopeOf(response("0.5"), key, "alipay_trade_query_response")],
  ["an encrypted response", '{"alipay_security_risk_detect_response":"c2VjcmV0","sign":"x"}'],
  ["a response without a code", '{"alipay_security_risk_detect_response":{}}'],
  ["an empty code", '{"error_response":{"code":""}}'],
  ["a key given twice", envelopeOf('{"code":"10000","risk_score":0.1,"risk_score":0.9}', key)],
  ["deep nesting", "[".repeat(100_000)],
  ["NUL bytes", "\0\0\0"],
])("%s is unreadable", (_, text) => {
  expect(read(text)).toMatchObject({ kind: "unreadable" });
});
