import { expect, test } from "bun:test";
import { type ApiError, refused, unanswered } from "../../../kube/client/apiError.ts";
import { targetOf } from "../../../kube/client/target.ts";
import { NotLeaderError } from "../../../kube/runtime/notLeader.ts";
import { passingCause } from "./passing.ts";

const at = targetOf("PATCH", "/apis/argoproj.io/v1alpha1/namespaces/ns/rollouts/web/status");

const answered = (code: number, reason: string, details: object = {}): ApiError =>
  refused(at, code, JSON.stringify({ kind: "Status", code, reason, message: reason, details }), null);

test.each([
  ["a namespace that is being deleted", answered(403, "Forbidden", { causes: [{ reason: "NamespaceTerminating" }] })],
  ["a namespace that is gone", answered(404, "NotFound", { kind: "namespaces", name: "ns" })],
  ["the Rollout itself gone", answered(404, "NotFound", { kind: "rollouts", group: "argoproj.io", name: "web" })],
] as const)("%s is told at info and tried again after half a minute", (_what, error) => {
  expect(passingCause(error)).toMatchObject({ level: "info", backoff: { firstMs: 30_000, longestMs: 60_000 } });
});

test.each([
  ["no answer", unanswered(at, "Unreachable", "no answer", undefined)],
  ["no answer in time", unanswered(at, "Timeout", "no answer", undefined)],
  ["an overloaded server", answered(429, "TooManyRequests")],
  ["a server in trouble", answered(503, "ServiceUnavailable")],
] as const)("%s is one trouble, whoever meets it", (_what, error) => {
  const cause = passingCause(error);
  expect(cause?.about("ns/web")).toBe(cause?.about("other/shop"));
  expect(cause?.level).toBe("warn");
});

test.each([
  ["a conflict", answered(409, "Conflict"), 12],
  ["an object that was deleted in between", answered(404, "NotFound", { kind: "services", name: "web" }), 12],
  ["a Lease that may run out", new NotLeaderError("not now"), undefined],
] as const)("%s is for debug logs only, as long as a watch may be behind", (_what, error, patience) => {
  expect(passingCause(error)?.level).toBe("debug");
  expect(passingCause(error)?.patience).toBe(patience);
});

test.each([
  ["a quota", answered(403, "Forbidden", { kind: "replicasets" })],
  ["an API that is not served", refused(at, 404, "404 page not found\n", null)],
  ["a name that is taken", answered(409, "AlreadyExists")],
  ["a mistake of ours", new TypeError("undefined is not a function")],
] as const)("%s is an error that somebody has to look at", (_what, error) => {
  expect(passingCause(error)).toBeUndefined();
});
