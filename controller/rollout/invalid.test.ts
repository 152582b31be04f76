import { expect, test } from "bun:test";
import { decide } from "./decide/decide.ts";
import type { Snapshot } from "./model/model.ts";

const held = (invalid: string): Snapshot => ({
  rollout: { metadata: { name: "web", namespace: "shop", creationTimestamp: undefined }, spec: {} },
  invalid,
  services: new Map(),
  podHash: "",
  stepHash: "",
  templateDigest: "",
  replicaSets: [],
  orphans: [],
  strays: [],
});

const messageFor = (invalid: string): string | undefined =>
  decide(held(invalid), 0).status?.conditions?.find(({ type }) => type === "InvalidSpec")?.message;

test("a Rollout is held with the reason as it is", () => {
  expect(messageFor("spec.replicas: Invalid value: -1")).toBe(
    'The Rollout "web" is invalid: spec.replicas: Invalid value: -1',
  );
});

test("a reason that quotes a megabyte is shortened in the middle, so that the API server takes the status", () => {
  const message = messageFor(`spec.paused: Invalid value: "${"\u{1f600}".repeat(250_000)}": must be short`) ?? "";
  expect(message.length).toBeLessThan(6_100);
  expect(message).toStartWith('The Rollout "web" is invalid: spec.paused: Invalid value: "');
  expect(message).toEndWith(": must be short");
  expect(message.isWellFormed()).toBe(true);
});
