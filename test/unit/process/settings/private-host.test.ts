import { expect, it } from "vitest";
import { isPrivateHost } from "../../../../shared/process/settings/private-host.ts";

it.each([
  ["http://localhost/", true],
  ["http://sandbox:4010/", true],
  ["http://gateway.localhost/", true],
  ["http://gateway.internal/", true],
  ["http://sandbox.risk.svc.cluster.local/", true],
  ["http://127.1.2.3/", true],
  ["http://2130706433/", true],
  ["http://10.0.0.1/", true],
  ["http://172.31.0.1/", true],
  ["http://192.168.1.1/", true],
  ["http://[::1]/", true],
  ["http://[fd00::1]/", true],
  ["http://172.32.0.1/", false],
  ["http://8.8.8.8/", false],
  ["http://[2001:db8::1]/", false],
  ["http://openapi.alipay.com/", false],
  ["http://localhost.example/", false],
])("%s: %s", (url, isPrivate) => {
  expect(isPrivateHost(new URL(url).hostname)).toBe(isPrivate);
});
