import { expect, it } from "vitest";
import { formatDuration } from "../../../scripts/cli/format-duration.ts";

it.each([
  { ms: 0, text: "0 ms" },
  { ms: 998.5, text: "999 ms" },
  { ms: 1_000, text: "1 s" },
  { ms: 1_001, text: "2 s" },
  { ms: 60_000, text: "1 min" },
  { ms: 61_500, text: "1 min 2 s" },
  { ms: 119_001, text: "2 min" },
  { ms: 86_399_999, text: "24 h" },
  { ms: 86_400_000, text: "1 d" },
  { ms: 90_000_000, text: "1 d 1 h" },
])("$ms ms: $text", ({ ms, text }) => {
  expect(formatDuration(ms)).toBe(text);
});
