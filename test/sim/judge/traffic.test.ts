/** The rules about users' requests, on small worlds. */
import { describe, expect, test } from "bun:test";
import { HASH_LABEL } from "../../../schema/labels.ts";
import { service, shared, type Way, whole } from "../planes/plane.ts";
import { helpsNobody, missingPods } from "./traffic.ts";

const selecting = (hash: string) => ({ selector: { [HASH_LABEL]: hash } });
const services = new Map([
  ["stable", selecting("a")],
  ["canary", selecting("b")],
]);
const ways = (weight: number): readonly Way[] => shared("Ingress web", service("canary"), service("stable"), weight);

test("pods of an aborted version help nobody once no requests lead to them", () => {
  const aborted = { status: { abort: true, stableRS: "a", currentPodHash: "b" } };
  expect(helpsNobody("b", aborted, ways(0), services)).toBe(true);
  expect(helpsNobody("b", aborted, ways(1), services)).toBe(false);
  expect(helpsNobody("b", aborted, [...ways(0), whole("header", "beta", service("canary"))], services)).toBe(false);
  // The canary Service has moved back already.
  expect(helpsNobody("b", aborted, ways(20), new Map([...services, ["canary", selecting("a")]]))).toBe(true);
  expect(helpsNobody("a", aborted, ways(100), services)).toBe(false);
  expect(helpsNobody("b", { status: { ...aborted.status, abort: false } }, ways(0), services)).toBe(false);
  // Without a router, or while its object is missing, nobody knows where requests go.
  expect(helpsNobody("b", aborted, [], services)).toBe(false);
});

describe("pods are missing", () => {
  const size = { size: 5, isEmpty: false };
  const missing = (all: readonly Way[], a: number, b: number): number =>
    missingPods(
      all,
      services,
      [
        { hash: "a", pods: a },
        { hash: "b", pods: b },
      ],
      size,
    );

  test("where a target has fewer than its part, by each router", () => {
    expect(missing(ways(40), 3, 2)).toBe(0);
    expect(missing(ways(40), 3, 1)).toBe(1);
    expect(missing([...ways(40), ...ways(100)], 3, 1)).toBe(1 + 4);
    expect(missing(shared("total", service("canary"), service("stable"), 400, 1_000), 2, 2)).toBe(1);
  });

  test("where header and mirror routes lead to nobody", () => {
    const routes = [whole("header", "beta", service("canary")), whole("mirror", "copy", service("canary"))];
    expect(missing([...ways(0), ...routes], 5, 0)).toBe(2);
    expect(missing([...ways(0), ...routes], 5, 1)).toBe(0);
  });

  test("for subsets as for Services, and not for a Service that is gone or an Experiment's", () => {
    const subset: Way = { ...whole("header", "beta", { kind: "pods", name: "new", hash: "c" }), kind: "weight" };
    expect(missing([subset], 5, 5)).toBe(5);
    expect(missing([whole("header", "beta", service("gone"))], 0, 0)).toBe(0);
  });
});
