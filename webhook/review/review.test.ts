import { describe, expect, test } from "bun:test";
import { answerReview, answerUnread, type Cause, causesOf, parseReview, type Review } from "./review.ts";
import { reviewOf, rolloutObject } from "../http/testing.ts";

function parsed(json: unknown): Review {
  const result = parseReview(json);
  if (result.kind === "malformed") throw new Error(result.reason);
  return result.review;
}

const reasonOf = (json: unknown): string => {
  const result = parseReview(json);
  return result.kind === "malformed" ? result.reason : "";
};

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly message: string; readonly details: { readonly causes: readonly Cause[] } };
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

const responseOf = (answer: object): Response => (answer as { response: Response }).response;
const cause = (field: string, message = "Invalid value: -1: wrong"): Cause => ({
  reason: "FieldValueInvalid",
  message,
  field,
});
const review = parsed(reviewOf(rolloutObject()));

describe("a review that is read", () => {
  test("has what a verdict needs", () => {
    const members = {
      operation: "UPDATE",
      oldObject: rolloutObject(),
      dryRun: true,
      options: { fieldValidation: "Strict" },
    };
    const { object: _, oldObject: __, ...rest } = parsed(reviewOf(rolloutObject(), members));
    expect(rest).toEqual({
      uid: "0a5cbc5e-96c8-4bbd-8bb2-a2a3a1f2b3c4",
      group: "argoproj.io",
      kind: "Rollout",
      operation: "UPDATE",
      subResource: "",
      namespace: "team-a",
      name: "web",
      user: "jane",
      dryRun: true,
      fieldValidation: "Strict",
      fieldManager: "",
    });
  });

  test("has the API server's default where nobody says what to do with unknown fields", () => {
    expect(review.fieldValidation).toBe("Warn");
  });

  test("is named by its generateName where it has no name yet", () => {
    expect(parsed(reviewOf(rolloutObject({}, { name: undefined, generateName: "web-" }), { name: "" })).name).toBe(
      "web-",
    );
  });

  const request = (reviewOf(rolloutObject()) as { request: object }).request;
  const review1 = (members: object) => ({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: { ...request, ...members },
  });
  test("may have an empty uid, which is answered with an empty one", () => {
    const review = parsed(reviewOf(rolloutObject(), { uid: "" }));
    const answer = answerReview(review, { verdict: "allowed", causes: [], warnings: [] });
    expect(answer).toMatchObject({ response: { uid: "", allowed: true } });
  });
  test.each([
    ["a list", [], "the body is not a JSON object"],
    [
      "a review of v1beta1",
      { ...review1({}), apiVersion: "admission.k8s.io/v1beta1" },
      "expected an AdmissionReview of admission.k8s.io/v1",
    ],
    ["a review without request", { ...review1({}), request: undefined }, "the AdmissionReview has no request"],
    ["a request without uid", review1({ uid: 7 }), "the request has no uid"],
    ["a request without kind", review1({ kind: "Rollout" }), "the request names no kind"],
    [
      "a request without operation",
      review1({ operation: "PATCH" }),
      "the operation must be one of CREATE, UPDATE, DELETE, CONNECT",
    ],
    ["a creation of nothing", review1({ object: null }), "a request to CREATE has to bring an object"],
    ["an update of nothing", review1({ operation: "UPDATE" }), "a request to UPDATE has to bring the old object"],
  ])("%s is malformed, with the reason", (_, json, reason) => {
    expect(reasonOf(json)).toBe(reason);
  });

  /** Sets the name in the request, and in its object where a name is compared with that. */
  const named = (members: object, metadata: object = {}) =>
    reviewOf(rolloutObject({}, metadata), { ...members, oldObject: null });
  test.each([
    ["a path", { namespace: "kube-system/replicasets#" }, { namespace: "kube-system/replicasets#" }],
    ["a query", { namespace: "a?b" }, { namespace: "a?b" }],
    ["a namespace of capitals", { namespace: "Team-A" }, { namespace: "Team-A" }],
    ["a namespace of 64 characters", { namespace: "a".repeat(64) }, { namespace: "a".repeat(64) }],
    ["no namespace for what has one", { namespace: "" }, { namespace: "" }],
    ["a namespace that is not the object's", { namespace: "team-b" }, {}],
    ["an object in a namespace that is no text", {}, { namespace: ["team-a"] }],
    ["another object's name", { name: "other" }, {}],
    ["a name with a path", { name: "../x" }, { name: "../x" }],
    ["a name with an escape", { name: "a%2fb" }, { name: "a%2fb" }],
    ["a name of 254 characters", { name: "a".repeat(254) }, { name: "a".repeat(254) }],
    ["a name with capitals", { name: "Web" }, { name: "Web" }],
    ["a generated name with a path", { name: "" }, { name: undefined, generateName: "a/b-" }],
    ["a kind with a path", { kind: { group: "argoproj.io", version: "v1alpha1", kind: "Rollout/x" } }, {}],
    ["a group with a path", { kind: { group: "a/b", version: "v1", kind: "Rollout" } }, {}],
    ["a uid with a line break", { uid: "a\nb" }, {}],
    [
      "a cluster's template in a namespace",
      { kind: { group: "argoproj.io", version: "v1alpha1", kind: "ClusterAnalysisTemplate" } },
      {},
    ],
    [
      "an old object of another namespace",
      { operation: "UPDATE", oldObject: rolloutObject({}, { namespace: "team-b" }) },
      {},
    ],
  ])("%s is malformed: no API server sends it", (_, members, metadata) => {
    const { oldObject, ...rest } = members as { oldObject?: unknown };
    const json = oldObject === undefined ? named(rest, metadata) : reviewOf(rolloutObject(), { ...rest, oldObject });
    expect(reasonOf(json)).not.toBe("");
  });

  test("may be of what others name as they like", () => {
    const members = {
      kind: { group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRole" },
      namespace: "",
      name: "system:Node",
    };
    expect(parsed(reviewOf(rolloutObject(), members)).name).toBe("system:Node");
  });

  test("shows a user's name on one line, and not all of a long one", () => {
    const { user } = parsed(reviewOf(rolloutObject(), { userInfo: { username: `a\nb${"c".repeat(1_000)}` } }));
    expect([user.slice(0, 5), user.length]).toEqual(["a bcc", 256]);
  });
});

describe("an answer", () => {
  test("that allows says no more than that", () => {
    expect(answerReview(review, { verdict: "allowed", causes: [], warnings: [] })).toEqual({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: review.uid, allowed: true },
    });
  });

  test("that refuses is the API server's own form of an invalid object, with all causes", () => {
    const causes = [cause("spec.a"), cause("spec.b")];
    const { allowed, status } = responseOf(answerReview(review, { verdict: "refused", causes, warnings: [] }));
    expect(allowed).toBe(false);
    expect({ ...status }).toMatchObject({
      status: "Failure",
      code: 422,
      reason: "Invalid",
      message:
        'Rollout.argoproj.io "web" is invalid: [spec.a: Invalid value: -1: wrong, spec.b: Invalid value: -1: wrong]',
      details: { name: "web", group: "argoproj.io", kind: "Rollout", causes },
    });
  });

  test("that refuses for one reason has no brackets around it", () => {
    const { status } = responseOf(
      answerReview(review, { verdict: "refused", causes: [cause("spec.a")], warnings: [] }),
    );
    expect(status?.message).toBe('Rollout.argoproj.io "web" is invalid: spec.a: Invalid value: -1: wrong');
  });

  test("stays short, however much is wrong", () => {
    const causes = Array.from({ length: 10_000 }, (_, index) => cause(`spec.a[${index}]`, "x".repeat(10_000)));
    const answer = answerReview(review, { verdict: "refused", causes, warnings: [] });
    const { status } = responseOf(answer);
    expect(JSON.stringify(answer).length).toBeLessThan(600_000);
    expect(status?.details.causes.at(-1)?.message).toBe("9799 more are not shown");
    expect(status?.message.endsWith("and 9950 more]")).toBe(true);
  });

  test("quotes of many long values their beginnings, the later ones shorter", () => {
    const value = "😀".repeat(40_000);
    const invalid = (index: number, of: unknown) =>
      ({ path: `spec.x[${index}]`, type: "Invalid", value: of, detail: "wrong", rule: "r" }) as const;
    for (const of of [value, { deep: [value, value] }]) {
      const causes = causesOf(Array.from({ length: 10_000 }, (_, index) => invalid(index, of)));
      expect(causes).toHaveLength(201);
      expect(causes[0]?.message.length).toBeGreaterThan(1_000);
      expect(causes[199]?.message.length).toBeLessThan(1_000);
      expect(causes.at(-1)?.message).toBe("9800 more are not shown");
      expect(causes.map(({ message }) => message).join("").length).toBeLessThan(200_000);
    }
  });

  test("keeps its warnings within what the API server passes on", () => {
    const warnings = [
      "two\nlines",
      "two\nlines",
      ...Array.from({ length: 50 }, (_, index) => `${index} ${"é".repeat(500)}`),
    ];
    const shown = responseOf(answerReview(review, { verdict: "allowed", causes: [], warnings })).warnings ?? [];
    expect([shown.length, shown[0], shown.at(-1)]).toEqual([12, "two lines", "and 40 more warnings"]);
    expect(Math.max(...shown.map((warning) => new TextEncoder().encode(warning).length))).toBeLessThanOrEqual(250);
    expect(shown.join("").length).toBeLessThan(4_096);
  });

  test("says to the audit log that the annotation was used", () => {
    const answer = {
      verdict: "overridden",
      causes: [],
      warnings: ["w"],
      annotations: { overridden: "x".repeat(5_000) },
    } as const;
    const { allowed, auditAnnotations } = responseOf(answerReview(review, answer));
    expect([allowed, auditAnnotations?.["overridden"]?.length]).toEqual([true, 1_000]);
  });

  test("to a review that was not read refuses or lets through with the reason", () => {
    expect(responseOf(answerUnread("u", false, "too large"))).toEqual({
      uid: "u",
      allowed: false,
      status: { status: "Failure", code: 413, reason: "RequestEntityTooLarge", message: "too large" },
    } as never);
    expect(responseOf(answerUnread("u", true, "too large"))).toEqual({
      uid: "u",
      allowed: true,
      warnings: ["too large"],
    });
  });
});
