import { expect, test } from "bun:test";
import { between, sumOf, workedMs } from "./planeUsage.ts";

test("a machine works what it neither waits nor lends to another guest", () => {
  expect(workedMs("cpu  100 20 30 5000 70 1 2 900 0 0\ncpu0 50 10 15 2500 35 0 1 450 0 0\n")).toBe(1_530);
});

test("a counter is summed over its series, and not over one whose name goes on", () => {
  const text =
    'asked_total{a="1"} 3\nasked_total{a="2"} 4\nasked_total_seconds{a="1"} 50\n# TYPE asked_total counter\n';
  expect(sumOf(text, "asked_total")).toBe(7);
});

test("what was spent lies between two moments", () => {
  const before = { apiserver: 10, etcd: 1, manager: 2, bench: 3, machine: 100 };
  const after = { apiserver: 30, etcd: 4, manager: 4, bench: 8, machine: 150 };
  expect(between(before, after)).toEqual({ apiserver: 20, etcd: 3, manager: 2, bench: 5, machine: 50 });
});
