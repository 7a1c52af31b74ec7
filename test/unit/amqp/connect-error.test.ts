import { describe, expect, it } from "vitest";
import { explainConnectError } from "../../../shared/amqp/connect-error.ts";

const url = new URL("amqp://scorer:s3cr%et@broker:5672/pay%2Fments");

const withCode = (code: string): Error => Object.assign(new Error("…"), { code });

describe("explainConnectError", () => {
  it.each([
    {
      error: new Error('Handshake terminated by server: 403 (ACCESS-REFUSED) with message "…"'),
      problem: 'the broker refuses user "scorer": wrong name or password in AMQP_URL',
      isFinal: true,
    },
    {
      error: new Error("Expected ConnectionOpenOk; got <ConnectionClose channel:0>"),
      problem: 'virtual host "pay/ments" of AMQP_URL does not exist, or user "scorer" may not use it',
      isFinal: true,
    },
    {
      error: new Error("Expected amqp: or amqps: as the protocol; got http:"),
      problem: "AMQP_URL has to begin with amqp:// or amqps://",
      isFinal: true,
    },
    {
      error: withCode("CERT_HAS_EXPIRED"),
      problem: "the TLS certificate of broker:5672 (AMQP_URL) is not trusted",
      isFinal: true,
    },
    {
      error: withCode("ERR_SSL_WRONG_VERSION_NUMBER"),
      problem: "broker:5672 does not speak TLS: AMQP_URL has to begin with amqp://, or names the wrong port",
      isFinal: true,
    },
    {
      error: new Error("connect ECONNREFUSED 127.0.0.1:5672"),
      problem: "no connection to broker:5672 (AMQP_URL): connect ECONNREFUSED 127.0.0.1:5672",
      isFinal: false,
    },
    { error: "odd", problem: "no connection to broker:5672 (AMQP_URL): odd", isFinal: false },
  ])("$problem", ({ error, problem, isFinal }) => {
    expect(explainConnectError(error, url)).toMatchObject({ message: problem, isFinal });
  });

  it("takes the broker's defaults where the URL says nothing", () => {
    const refused = explainConnectError(new Error("ACCESS_REFUSED"), new URL("amqp://broker"));
    expect(refused.message).toContain('user "guest"');
  });
});
