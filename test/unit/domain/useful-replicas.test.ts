import { expect, it } from "vitest";
import { sustainedPerSecond, usefulReplicas } from "../../../shared/domain/useful-replicas.ts";

const window = (calls: number, windowMs: number, effective = calls) => ({
  calls,
  windowMs,
  effective,
  used: 0,
});

it.each([
  { title: "a small quota", windows: [window(5, 1_000)], perSecond: 5, replicas: 1 },
  { title: "one replica's measure", windows: [window(100, 1_000)], perSecond: 100, replicas: 1 },
  { title: "a little more", windows: [window(101, 1_000)], perSecond: 101, replicas: 2 },
  {
    title: "a long window that is tighter",
    windows: [window(1_000, 1_000), window(7_200, 3_600_000)],
    perSecond: 2,
    replicas: 1,
  },
  {
    title: "what limit answers left of it",
    windows: [window(1_000, 1_000, 237.5), window(3_600_000, 3_600_000)],
    perSecond: 237.5,
    replicas: 3,
  },
])("$title: $perSecond calls a second, $replicas useful", ({ windows, perSecond, replicas }) => {
  expect(sustainedPerSecond(windows)).toBe(perSecond);
  expect(usefulReplicas(windows)).toBe(replicas);
});
