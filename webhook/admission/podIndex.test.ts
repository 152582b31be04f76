import { expect, test } from "bun:test";
import type { PodOwner } from "../../controller/rules/rollout/neighbours.ts";
import { matchesSelector } from "../../kube/object/selector.ts";
import type { LabelSelector } from "../../schema/kube.ts";
import { createPodIndex } from "./podIndex.ts";

const owner = (name: string, selector: LabelSelector, labels: Record<string, string>): PodOwner => ({
  kind: "Deployment",
  name,
  selector,
  labels,
});

/** Every owner of three labels and two values each, some with expressions. */
function everyOwner(): PodOwner[] {
  const values = [undefined, "x", "y"];
  const maps = values.flatMap((a) =>
    values.flatMap((b) =>
      values.map((c) => Object.fromEntries(Object.entries({ a, b, c }).filter(([, value]) => value !== undefined))),
    ),
  ) as Record<string, string>[];
  return maps.flatMap((matchLabels, index) =>
    [0, 1].map((odd) => {
      const labels = maps[(index * 7 + 3) % maps.length] ?? {};
      const matchExpressions = odd === 1 ? [{ key: "a", operator: "Exists" }] : [];
      return owner(`${index}-${odd}`, { matchLabels, matchExpressions }, { ...labels, ...matchLabels });
    }),
  );
}

test("all that share pods are found, whatever their selectors are", () => {
  const index = createPodIndex();
  const owners = everyOwner();
  for (const each of owners) index.put(each.name, "ns", each);
  for (const { selector = {}, labels } of owners) {
    const found = new Set(index.like("ns", selector, labels));
    const missed = owners.filter(
      (other) =>
        !found.has(other) && (matchesSelector(selector, other.labels) || matchesSelector(other.selector, labels)),
    );
    expect(missed).toEqual([]);
  }
});

test("of thousands that share a label only those that may have the same pods are looked at", () => {
  const index = createPodIndex();
  const labelsOf = (app: string) => ({ app, team: "shop", env: "prod" });
  for (let i = 0; i < 3_000; i++) {
    index.put(`${i}`, "ns", owner(`${i}`, { matchLabels: labelsOf(`service-${i}`) }, labelsOf(`service-${i}`)));
  }
  const like = index.like("ns", { matchLabels: labelsOf("service-7") }, labelsOf("service-7"));
  expect(like.map(({ name }) => name)).toEqual(["7"]);
});

test("what is gone, or has changed its labels, is found no more, nor what is in another namespace", () => {
  const index = createPodIndex();
  const web = owner("web", { matchLabels: { app: "web" } }, { app: "web" });
  index.put("ns/web", "ns", web);
  const like = (namespace: string) => index.like(namespace, { matchLabels: { app: "web" } }, { app: "web" });
  expect([like("ns"), like("other")]).toEqual([[web], []]);
  index.put("ns/web", "ns", owner("web", { matchLabels: { app: "b" } }, { app: "b" }));
  expect(like("ns")).toEqual([]);
  index.put("ns/web", "ns", web);
  index.put("ns/web", "ns", undefined);
  expect(like("ns")).toEqual([]);
});
