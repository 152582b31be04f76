import { describe, expect, test } from "bun:test";
import type { RolloutInfo } from "../../controller/view/info.ts";
import { inColour, plain } from "../paint.ts";
import { rolloutBlock } from "./block.ts";
import { shortened, widthOf } from "./cells.ts";

const NOW = Date.UTC(2026, 0, 1, 0, 5);
const meta = (name: string) => ({ name, namespace: "shop", uid: name, creationTimestamp: "2026-01-01T00:00:00Z" });

const replicaSet = (name: string, revision: number, role: "canary" | "stable", pods: readonly string[]) => ({
  objectMeta: meta(name),
  status: "Healthy",
  icon: "✔",
  revision,
  stable: role === "stable",
  canary: role === "canary",
  active: false,
  preview: false,
  ping: false,
  pong: false,
  replicas: 1,
  available: 1,
  template: "",
  scaleDownDeadline: "",
  images: [`registry.example.com/a-team/with/a-long-path/checkout-service:v1.2.3-${role}`],
  initContainerImages: [],
  pods: pods.map((suffix) => ({
    objectMeta: meta(`${name}-${suffix}`),
    status: "Running",
    icon: "✔",
    ready: "2/2",
    restarts: 0,
  })),
});

const info: RolloutInfo = {
  objectMeta: {
    ...meta("checkout-service-of-the-shop"),
    labels: {},
    annotations: {},
    generation: 1,
    resourceVersion: "1",
  },
  status: "Progressing",
  message: "more replicas need to be updated before the next step of this update can begin",
  icon: "◌",
  strategy: "Canary",
  step: "1/4",
  setWeight: "20",
  actualWeight: "20",
  ready: 2,
  current: 2,
  desired: 2,
  updated: 1,
  available: 2,
  restartedAt: "Never",
  generation: "1",
  steps: [],
  replicaSets: [
    replicaSet("checkout-service-of-the-shop-7bf84f9696", 2, "canary", ["x1abc", "x2def"]),
    replicaSet("checkout-service-of-the-shop-123746c88d", 1, "stable", ["a1ghi"]),
  ],
  experiments: [],
  analysisRuns: [],
  containers: [],
  initContainers: [],
};

const block = (columns: number | undefined, more: object = {}) =>
  rolloutBlock(info, NOW, { paint: plain, columns, wide: false, ...more });

describe("on a narrow terminal", () => {
  test.each([60, 80, 100, 120, 200])("no line has more than %d columns", (columns) => {
    expect(block(columns).filter((line) => widthOf(line) > columns)).toEqual([]);
  });

  test("names keep their ends, and the icon alone says the kind", () => {
    expect(block(60).map((line) => line.trimEnd())).toEqual([
      "Name:            checkout-service-of-the-shop",
      "Namespace:       shop",
      "Status:          ◌ Progressing",
      "Message:         more replicas need to be updated before the",
      "                 next step of this update can begin",
      "Strategy:        Canary",
      "  Step:          1/4",
      "  SetWeight:     20",
      "  ActualWeight:  20",
      "Images:          registry.example.…ce:v1.2.3-canary (canary)",
      "                 registry.example.…ce:v1.2.3-stable (stable)",
      "Replicas:",
      "  Desired:       2",
      "  Current:       2",
      "  Updated:       1",
      "  Ready:         2",
      "  Available:     2",
      "",
      "NAME                           STATUS         AGE  INFO",
      "⟳ checkout-serv…e-of-the-shop  ◌ Progressing  5m",
      "├──# revision:2",
      "│  └──⧉ checkout-s…7bf84f9696  ✔ Healthy      5m   canary",
      "│     ├──□ checkout-…96-x1abc  ✔ Running      5m   ready:2/2",
      "│     └──□ checkout-…96-x2def  ✔ Running      5m   ready:2/2",
      "└──# revision:1",
      "   └──⧉ checkout-s…123746c88d  ✔ Healthy      5m   stable",
      "      └──□ checkout-…8d-a1ghi  ✔ Running      5m   ready:2/2",
    ]);
  });

  test("a wide one shows all", () => {
    expect(block(200)).toEqual(block(undefined));
    expect(block(200).join("\n")).toContain("checkout-service-of-the-shop-7bf84f9696-x1abc  Pod");
  });

  test("-o wide shows all, however wide it is", () => {
    expect(block(60, { wide: true }).join("\n")).toContain("checkout-service-of-the-shop-7bf84f9696-x1abc");
  });
});

test("colours do not move the columns", () => {
  // oxlint-disable-next-line no-control-regex
  const bare = (lines: readonly string[]) => lines.map((line) => line.replaceAll(/\u001B\[[0-9]+m/g, ""));
  const coloured = block(undefined, { paint: inColour });
  expect(coloured).not.toEqual(bare(coloured));
  expect(bare(coloured)).toEqual([...block(undefined)]);
});

test("a text is shortened in its middle", () => {
  expect(shortened("guestbook-7bf84f9696-x1abc", 16)).toBe("guestboo…6-x1abc");
  expect(shortened("web", 3)).toBe("web");
  expect(shortened("webs", 1)).toBe("…");
});
