import { expect, it } from "vitest";
import { fitCompactRows, fitRows } from "../../../scripts/cli/fit-rows.ts";

const ROWS = [
  ["brake", "off"],
  ["hold: banned", "40006 isv.app-api-punished, since 2026-11-23T12:00:55.904+08:00, next probe in 24 h"],
] as const;

it("has a line for each row where it is no terminal", () => {
  expect(fitRows(ROWS, Infinity)).toBe(`brake         off\nhold: banned  ${ROWS[1][1]}\n`);
});

it("wraps long values in their column", () => {
  expect(fitRows(ROWS, 60)).toBe(
    [
      "brake         off",
      "hold: banned  40006 isv.app-api-punished, since",
      "              2026-11-23T12:00:55.904+08:00, next probe in",
      "              24 h",
      "",
    ].join("\n"),
  );
});

it("puts values under their names where it is narrow, and breaks no word", () => {
  expect(fitRows(ROWS, 40)).toBe(
    [
      "brake",
      "  off",
      "hold: banned",
      "  40006 isv.app-api-punished, since",
      "  2026-11-23T12:00:55.904+08:00, next",
      "  probe in 24 h",
      "",
    ].join("\n"),
  );
  expect(fitRows([["gateway", `http://${"x".repeat(50)}`]], 40)).toBe(
    `gateway\n  http://${"x".repeat(50)}\n`,
  );
});

it("saves lines on request: values that fit stay beside their names", () => {
  expect(fitCompactRows(ROWS, 40)).toBe(fitRows(ROWS, 40).replace("brake\n  off", "brake  off"));
  expect(fitCompactRows(ROWS, 60)).toBe(fitRows(ROWS, 60));
});
