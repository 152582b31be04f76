import { expect, test } from "bun:test";
import { ApiError, refused, unanswered } from "./apiError.ts";
import { sentenceOf, textOf } from "./errorText.ts";
import { targetOf } from "./target.ts";
import { status } from "./testing.ts";

const list = targetOf("GET", "/apis/argoproj.io/v1alpha1/rollouts");

test("what a cause says that was said before is left out", () => {
  const cause = Object.assign(
    new TypeError("ECONNREFUSED: Unable to connect. Is the computer able to access the url?"),
    { code: "ECONNREFUSED" },
  );
  const error = unanswered(list, "Unreachable", `no answer from https://api: ${textOf(cause)}`, cause);
  expect(sentenceOf(error)).toBe("Cannot list rollouts: no answer from https://api: ECONNREFUSED: Unable to connect.");
});

test("the beginning of a cause that was said before is left out", () => {
  const error = new Error("Cannot list: ECONNREFUSED", { cause: "ECONNREFUSED: Unable to connect" });
  expect(sentenceOf(error)).toBe("Cannot list: ECONNREFUSED: Unable to connect");
});

test("the body of an answer is said once, without its line break", () => {
  const error = refused(list, 404, "404 page not found\n", null);
  expect(sentenceOf(error)).toBe("Cannot list rollouts: HTTP 404 NotFound: 404 page not found");
});

test("a Status is told by its message, never as JSON", () => {
  const error = refused(list, 403, status(403, "Forbidden", "not for you", { details: { kind: "rollouts" } }), null);
  expect(sentenceOf(error)).toBe("Cannot list rollouts: HTTP 403 Forbidden: not for you");
  expect(sentenceOf(new Error("Cannot start", { cause: status(500, "InternalError", "no etcd") }))).toBe(
    "Cannot start: no etcd",
  );
  const far = new ApiError("Cannot watch pods", { status: 410, reason: "Expired", cause: { message: "too old" } });
  expect(sentenceOf(far)).toBe("Cannot watch pods: too old");
});

test("causes that tell more follow, each once", () => {
  const root = new Error("disk is full");
  const middle = new Error("Cannot write the log.", { cause: root });
  const error = new Error("Cannot go on", { cause: new Error("Cannot go on", { cause: middle }) });
  expect(sentenceOf(error)).toBe("Cannot go on: Cannot write the log: disk is full");
});

test("a circle of causes ends, and a long text is cut", () => {
  const error = new Error("a");
  error.cause = error;
  expect(sentenceOf(error)).toBe("a");
  expect(sentenceOf(new Error("x".repeat(100_000))).length).toBeLessThan(2_010);
});
