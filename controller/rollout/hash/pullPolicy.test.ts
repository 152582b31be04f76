import { expect, test } from "bun:test";
import { pullPolicy } from "./pullPolicy.ts";

const cases: readonly (readonly [image: string, policy: string])[] = [
  ["web", "Always"],
  ["web:latest", "Always"],
  ["web:1", "IfNotPresent"],
  ["registry.example.com:5000/team/web", "Always"],
  [`web@sha256:${"a".repeat(64)}`, "IfNotPresent"],
  ["no image", "IfNotPresent"],
  // Longer than any registry accepts; the regular expression would take seconds.
  [`${"a.".repeat(200_000)}com/web`, "IfNotPresent"],
];

test.each(cases.map(([image, policy]) => ({ image, policy })))("an image is pulled as Kubernetes pulls it", (row) => {
  expect(pullPolicy(row.image)).toBe(row.policy as "Always");
});
