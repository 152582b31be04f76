import { expect, test } from "bun:test";
import type { KubeObject } from "../cluster/harness/api.ts";
import { courseFacts } from "./course.ts";
import type { Change, Kind } from "./observe.ts";

const change = (kind: Kind, resourceVersion: number, spec: object, rest: Partial<Change> = {}): Change => {
  const object: KubeObject = { metadata: { name: "web", resourceVersion: `${resourceVersion}` }, spec };
  return { kind, object, isGone: false, ...rest };
};
const route = (weight: number): object => ({ http: [{ route: [{ weight }] }] });

test("an object's course tells what has changed since the keyframe before, and leaves out writes that change nothing", () => {
  const changes = [
    change("VirtualService", 1, route(100)),
    change("VirtualService", 2, route(80)),
    change("VirtualService", 3, route(80)),
    change("VirtualService", 4, { http: [] }),
    change("VirtualService", 5, { http: [] }, { isGone: true }),
  ];
  expect(courseFacts(changes, 1).get("course of virtualservice web")).toBe(
    ".http[0].route[0].weight=80 → -.http[0].route[0].weight → deleted",
  );
  expect(courseFacts(changes, 0).get("course of virtualservice web")).toStartWith(
    "created: .http[0].route[0].weight=100 → ",
  );
});

test("a change back and forth is told once, however often", () => {
  const weights = [100, 80, 100, 80, 100, 80, 100, 0];
  const changes = weights.map((weight, index) => change("VirtualService", index + 1, route(weight)));
  const told = [80, 100, 0].map((weight) => `.http[0].route[0].weight=${weight}`);
  expect(courseFacts(changes, 1).get("course of virtualservice web")).toBe(told.join(" → "));
});

test("changes of several objects are in the order of their versions, however the watches tell them", () => {
  const changes = [
    change("VirtualService", 1, route(100)),
    change("VirtualService", 9, route(80)),
    change("Service", 7, { selector: { app: "web" }, ports: [{ port: 80 }] }),
    change("Service", 8, { selector: { app: "web" }, ports: [{ port: 81 }] }),
  ];
  expect(courseFacts(changes, 1)).toEqual(
    new Map([
      ["course of service web", "created: selector.app=web"],
      ["course of virtualservice web", ".http[0].route[0].weight=80"],
      ["course", "service web → virtualservice web"],
    ]),
  );
});
