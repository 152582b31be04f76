import { expect, test } from "bun:test";
import { accountTable } from "./account.ts";
import { figuresOf } from "./figures.ts";

const cost = (what: "rolloutStatus" | "rollout" | "deploymentStatus" | "replicaSet" | "event", apiserver: number) => ({
  what,
  words: what,
  apiserver,
  etcd: 0,
});
const costs = [
  cost("rolloutStatus", 5),
  cost("rollout", 4),
  cost("deploymentStatus", 2),
  cost("replicaSet", 2),
  cost("event", 1),
];
const run = {
  burstStatusWrites: 3,
  burstReplicaSetWrites: 4,
  burstOwnerWrites: 1,
  burstEventWrites: 8,
  burstApiServerCpuMs: 60,
};

test("what writes of a Rollout and of a Deployment cost is told apart, and the rest is what they leave of the whole", () => {
  const results = new Map([
    ["sluice", [figuresOf(run)]],
    ["floor", [figuresOf({ ...run, burstOwnerWrites: 0 })]],
  ]);
  const cells = accountTable(results, costs, { sluice: "Sluice", floor: "Deployments" })
    .split("\n")
    .filter((line) => !line.includes("---"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells.map(([, , sluice]) => sluice)).toEqual([
    "Sluice",
    "3.0 × 5.0 = 15.0",
    "4.0 × 2.0 = 8.0",
    "1.0 × 4.0 = 4.0",
    "8.0 × 1.0 = 8.0",
    "25.0",
    "60.0",
  ]);
  expect(cells.map(([, , , floor]) => floor)).toEqual([
    "Deployments",
    "3.0 × 2.0 = 6.0",
    "4.0 × 2.0 = 8.0",
    "0.0 × 2.0 = 0.0",
    "8.0 × 1.0 = 8.0",
    "38.0",
    "60.0",
  ]);
});
