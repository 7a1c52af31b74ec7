import type { Dispatcher } from "undici";
import { expect, it, vi } from "vitest";
import { Exchange } from "../../../shared/alipay/exchange.ts";

const CONTROLLER: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

it("is written once, also where undici has queued the request again", () => {
  const mayDepart = vi.fn(() => true);
  const exchange = new Exchange(mayDepart);
  exchange.onRequestStart(CONTROLLER);
  expect(() => exchange.onRequestStart(CONTROLLER)).toThrow("already departed");
  expect(mayDepart).toHaveBeenCalledOnce();
});
