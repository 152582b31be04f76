import { describe, expect, test } from "bun:test";
import { parseProfile } from "../../controller/migration/facts/profileText.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import type { ProfileFacts } from "./profileReview.ts";
import { answerReview, parseReview } from "./review.ts";
import { createValidator } from "./validate.ts";

const facts: ProfileFacts = {
  parse: parseProfile,
  twins: () => [],
  remains: () => false,
  users: async () => [],
};

interface Response {
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
  readonly status?: { readonly message: string; readonly details: { readonly causes: readonly { field: string }[] } };
}

async function review(operation: string, object: unknown, oldObject?: unknown, known: Partial<ProfileFacts> = {}) {
  const clock = manualClock(0);
  const validate = createValidator({
    rules: {
      findings: () => ({ refuse: [], warn: [] }),
      newViolations: (_, after) => after,
      profileFacts: async () => ({ ...facts, ...known }),
    },
    secondOpinion: undefined,
    clock,
    complaints: { report: () => undefined },
    overridden: () => undefined,
  });
  const request = {
    uid: "u",
    kind: { group: "", version: "v1", kind: "ConfigMap" },
    operation,
    namespace: "shop",
    name: "p",
    object,
    oldObject,
  };
  const parsed = parseReview({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
  if (parsed.kind === "malformed") throw new Error(parsed.reason);
  const answer = await validate(parsed.review, () => undefined);
  const { allowed, warnings = [], status } = (answerReview(parsed.review, answer) as { response: Response }).response;
  return {
    allowed,
    warnings,
    message: status?.message ?? "",
    fields: status?.details.causes.map(({ field }) => field),
  };
}

const map = (data: object | undefined, label = "true", more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "p", namespace: "shop", labels: { "sluice.dev/profiles": label }, ...more },
  ...(data === undefined ? {} : { data }),
});
const right = "canary: { steps: [{ setWeight: 5 }, { pause: {} }] }";
const containing = (text: string): string => expect.stringContaining(text) as string;

describe("a ConfigMap of profiles", () => {
  test("is refused for all that is wrong in all of them, each with its place and help", async () => {
    const wrong = {
      a: "canary: { steps: [{ setWeight: 200 }, { setWait: 1 }] }",
      b: "canary: [",
      c: right,
      d: "{ strategy: {} }",
    };
    const { allowed, fields, message } = await review("CREATE", map(wrong));
    expect(allowed).toBe(false);
    expect(fields).toEqual([
      "data[a].canary.steps[0].setWeight",
      "data[a].canary.steps[1]",
      "data[a].canary.steps[1].setWait",
      "data[b]",
      "data[d]",
    ]);
    expect(message).toStartWith('ConfigMap "p" is invalid: [data[a].canary.steps[0].setWeight: Invalid value: 200');
    expect(message).toContain('data[b]: Invalid value: "…": line 1, column');
    expect(message).toContain("Write the strategy itself, without spec and without strategy above it");
  });

  test("that is right is admitted", async () => {
    expect(await review("CREATE", map({ careful: right }))).toMatchObject({ allowed: true, warnings: [] });
    expect(await review("CREATE", map(undefined))).toMatchObject({ allowed: true, warnings: [] });
  });

  test("is judged when it gets the label, and no more when it loses it", async () => {
    const wrong = { a: "canary: 1" };
    expect((await review("UPDATE", map(wrong), map(wrong, "false"))).allowed).toBe(false);
    expect((await review("UPDATE", map(wrong, "false"), map(wrong))).allowed).toBe(true);
  });

  test("may be edited beside a profile that is wrong already, and not by making that wrong in another way", async () => {
    const before = { a: "canary: 1", b: right };
    expect((await review("UPDATE", map({ ...before, b: `${right} # slower` }), map(before))).allowed).toBe(true);
    expect((await review("UPDATE", map({ ...before, a: "canary: 2" }), map(before))).allowed).toBe(false);
  });

  test("is never in the way of its deletion", async () => {
    const wrong = { a: "canary: 1" };
    const leaving = { deletionTimestamp: "2026-01-01T00:00:00Z" };
    expect((await review("UPDATE", map(wrong, "true", leaving), map({}))).allowed).toBe(true);
    expect((await review("DELETE", undefined, map(wrong))).allowed).toBe(true);
  });

  test("with more profiles than can be judged in time is refused, with what to do", async () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`p${n}`, right]));
    const { message } = await review("CREATE", map(many));
    expect(message).toContain("has 51 profiles, 50 are allowed. Put the rest into another ConfigMap with this label");
  });

  test("with a profile that the namespace has already warns, with the one that counts", async () => {
    const { allowed, warnings } = await review("CREATE", map({ careful: right }), undefined, {
      twins: () => ['ConfigMap "shop/a"'],
    });
    expect(allowed).toBe(true);
    expect(warnings).toEqual([
      containing('data[careful]: Invalid value: "careful": ConfigMap "shop/a" has a profile of this name, too'),
    ]);
  });
});

describe("a profile that is taken away", () => {
  const users = async () => [{ deployment: 'Deployment "shop/web"', profile: "careful" }];
  const warning = containing('data[careful]: Invalid value: "careful": Deployment "shop/web" names it, and it is gone');

  test.each([
    ["with its key", "UPDATE", map({}), map({ careful: right })],
    ["with the label", "UPDATE", map({ careful: right }, "false"), map({ careful: right })],
    ["with the ConfigMap", "DELETE", undefined, map({ careful: right })],
  ])("%s warns, naming the Deployments", async (_, operation, object, oldObject) => {
    const { allowed, warnings } = await review(operation, object, oldObject, { users });
    expect({ allowed, warnings }).toEqual({ allowed: true, warnings: [warning] });
  });

  test("is no loss where Deployments find another of its name, or nobody names it", async () => {
    const gone = [map({}), map({ careful: right })] as const;
    expect((await review("UPDATE", ...gone, { users, remains: () => true })).warnings).toEqual([]);
    expect(
      (await review("UPDATE", map({ careful: right }), map({ careful: right, b: right }), { users })).warnings,
    ).toEqual([]);
  });
});
