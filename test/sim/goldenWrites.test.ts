import { describe, expect, test } from "bun:test";
import { differences, type ScenarioWrites, tableOf, type Written } from "./play/goldenWrites.ts";

const created: Written = { what: "create replicasets", name: "web-1", atMs: 0 };
const begun: Written = { what: "patch rollouts/status", name: "web", atMs: 60 };
const done: Written = { what: "patch rollouts/status", name: "web", atMs: 1_260 };

const canary = (...writes: readonly Written[]): ScenarioWrites[] => [{ name: "canary", writes }];

describe("the table of writes", () => {
  const table = tableOf(canary(created, begun, done));

  test("counts a scenario's writes by kind", () => {
    expect(table).toEndWith("\ncanary: 3 = 1 create replicasets, 2 patch rollouts/status\n");
    expect(differences(table, canary(created, begun, done))).toEqual([]);
  });

  test("is exceeded by one more write, and says which there are", () => {
    const more = differences(table, canary(created, begun, { ...begun, atMs: 500 }, done));
    expect(more).toEqual(["canary: 3 × patch rollouts/status instead of 2: web at +0.1s, web at +0.5s, web at +1.3s"]);
    expect(
      differences(table, canary(created, begun, done, { what: "patch services", name: "active", atMs: 9 })),
    ).toEqual(["canary: 1 × patch services instead of 0: active at +0.0s"]);
  });

  test("is to be lowered where fewer are enough", () => {
    const [fewer = ""] = differences(table, canary(created, done));
    expect(fewer).toStartWith("canary: 1 × patch rollouts/status instead of 2: lower the table");
  });

  test("has every scenario, and no other", () => {
    expect(differences(table, [...canary(created, begun, done), { name: "new", writes: [begun] }])).toEqual([
      "new is not in the table: UPDATE_GOLDEN=1 bun test/sim/run.ts --writes adds it",
    ]);
    expect(differences(table, [])).toEqual([
      "canary is in the table, and not played: UPDATE_GOLDEN=1 bun test/sim/run.ts --writes",
    ]);
  });
});
