import { describe, expect, test } from "bun:test";
import { createComplaints } from "../../controller/process/complaints.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import type { Findings } from "../../controller/rules/admission/admissionFindings.ts";
import { newViolations } from "../../kube/validation/ratchet.ts";
import type { Violation } from "../../kube/validation/violation.ts";
import { type Answer, parseReview, type Review } from "./review.ts";
import type { Opinion } from "./secondOpinion.ts";
import { reviewOf, rolloutObject, type RequestMembers } from "../http/testing.ts";
import { createValidator, type Override } from "./validate.ts";

const violation = (path: string, detail: string): Violation => ({
  path,
  type: "Invalid",
  value: -1,
  detail,
  rule: "r",
});

/** Rules that find `wrong` and `risky` of a spec, each a path. */
const findings = (object: unknown): Findings => {
  const { spec } = object as { spec: { wrong?: string[]; risky?: string[] } };
  return {
    refuse: (spec.wrong ?? []).map((path) => violation(path, "is wrong")),
    warn: (spec.risky ?? []).map((path) => violation(path, "is risky")),
  };
};

interface WorldOptions {
  readonly opinion?: Opinion;
  readonly findings?: (object: unknown) => Findings;
  readonly authenticated?: boolean;
}

function world(options: WorldOptions = {}) {
  const overrides: Override[] = [];
  const problems: string[] = [];
  const asked: Review[] = [];
  const clock = manualClock();
  const { opinion } = options;
  const validate = createValidator({
    rules: { findings: options.findings ?? findings, newViolations },
    secondOpinion: opinion && { ask: async (review) => (asked.push(review), opinion) },
    clock,
    complaints: createComplaints({
      clock,
      log: { debug() {}, info() {}, warn() {}, error: (message) => problems.push(message) },
    }),
    overridden: (override) => overrides.push(override),
    authenticated: options.authenticated ?? false,
  });
  const answer = (object: unknown, members?: RequestMembers): Promise<Answer> => {
    const parsed = parseReview(reviewOf(object, members));
    if (parsed.kind === "malformed") throw new Error(parsed.reason);
    return validate(parsed.review, () => undefined);
  };
  return { answer, overrides, problems, asked };
}

const texts = ({ causes }: Answer): string[] => causes.map(({ field, message }) => `${field}: ${message}`);
const wrong = (paths: string[], metadata = {}): Record<string, unknown> => rolloutObject({ wrong: paths }, metadata);
const update = (oldObject: unknown): RequestMembers => ({ operation: "UPDATE", oldObject });
const breakGlass = { annotations: { "sluice.dev/admission": "warn" } };

describe("a new object", () => {
  test("is allowed when nothing is wrong", async () => {
    expect(await world().answer(rolloutObject())).toEqual({ verdict: "allowed", causes: [], warnings: [] });
  });

  test("is refused for everything that is wrong at once, and warned about what is risky", async () => {
    const answer = await world().answer(rolloutObject({ wrong: ["spec.a", "spec.b"], risky: ["spec.c"] }));
    expect(answer.verdict).toBe("refused");
    expect(texts(answer)).toEqual(["spec.a: Invalid value: -1: is wrong", "spec.b: Invalid value: -1: is wrong"]);
    expect(answer.warnings).toEqual(["spec.c: Invalid value: -1: is risky"]);
  });

  test("is refused for what only the API server knows, and told once where both say something of a place", async () => {
    const cause = (field: string) => ({ field, message: "theirs", reason: "FieldValueInvalid" });
    const opinion = { causes: [cause("spec.a"), cause("spec.template.x")], warnings: ["a policy"] };
    const answer = await world({ opinion }).answer(wrong(["spec.a"]));
    expect(texts(answer)).toEqual(["spec.a: Invalid value: -1: is wrong", "spec.template.x: theirs"]);
    expect(answer.warnings).toEqual(["a policy"]);
  });

  test("passes with a warning when its kind is not known", async () => {
    const answer = await world().answer({ ...wrong(["spec.a"]), kind: "Rollouts2" });
    expect(answer.verdict).toBe("passed");
    expect(answer.warnings).toEqual(["Not checked: Sluice does not know the kind Rollouts2.argoproj.io."]);
  });

  test("passes with a warning when our rules fail over it, and the log says so", async () => {
    const current = world({
      findings: () => {
        throw new Error("bug");
      },
    });
    const answer = await current.answer(rolloutObject());
    expect([answer.verdict, answer.causes, answer.warnings.length]).toEqual(["failed", [], 1]);
    expect(current.problems).toEqual(["Cannot validate an object"]);
    // Any client may send reviews, any number of them, with any name.
    for (let n = 1; n < 1_000; n++) {
      const name = `web-${n}`;
      await current.answer(rolloutObject({}, { name }), { name });
    }
    expect(current.problems.length).toBeLessThanOrEqual(10);
  });
});

describe("an update", () => {
  test("is refused for what is newly wrong; what was wrong before is only told", async () => {
    const answer = await world().answer(wrong(["spec.a", "spec.b"]), update(wrong(["spec.a"])));
    expect(answer.verdict).toBe("refused");
    expect(texts(answer)).toEqual(["spec.b: Invalid value: -1: is wrong"]);
    expect(answer.warnings).toEqual(["spec.a: Invalid value: -1: is wrong"]);
  });

  test("may scale an object that is wrong already", async () => {
    const scaled = rolloutObject({ wrong: ["spec.a"], replicas: 7 });
    expect((await world().answer(scaled, update(wrong(["spec.a"])))).verdict).toBe("allowed");
  });

  test("says again only the risks that are new", async () => {
    const answer = await world().answer(
      rolloutObject({ risky: ["spec.a", "spec.b"] }),
      update(rolloutObject({ risky: ["spec.a"] })),
    );
    expect(answer.warnings).toEqual(["spec.b: Invalid value: -1: is risky"]);
  });
});

describe("what is never in the way", () => {
  const old = rolloutObject();
  const untouched: readonly (readonly [string, unknown, RequestMembers])[] = [
    ["a deletion", null, { operation: "DELETE", oldObject: wrong(["spec.a"]) }],
    ["a write of status through the subresource", wrong(["spec.a"]), { ...update(old), subResource: "status" }],
    ["scaling through the subresource", wrong(["spec.a"]), { ...update(old), subResource: "scale" }],
    [
      "a write of status where there is no subresource",
      { ...wrong(["spec.a"]), status: {} },
      update(wrong(["spec.a"])),
    ],
    ["new labels", wrong(["spec.a"], { labels: { a: "b" } }), update(wrong(["spec.a"]))],
    ["the removal of a finalizer", wrong(["spec.a"], { deletionTimestamp: "2026-01-01T00:00:00Z" }), update(old)],
  ];
  test.each(untouched)("%s passes at once", async (_, object, members) => {
    const current = world({ opinion: { causes: [], warnings: ["asked"] } });
    expect(await current.answer(object, members)).toEqual({ verdict: "passed", causes: [], warnings: [] });
    expect(current.asked).toEqual([]);
  });
});

describe("the break-glass annotation", () => {
  test("turns refusals into warnings, and is told", async () => {
    const current = world();
    const answer = await current.answer(wrong(["spec.a"], breakGlass));
    const text = "spec.a: Invalid value: -1: is wrong";
    expect(answer).toEqual({ verdict: "overridden", causes: [], warnings: [text], annotations: { overridden: text } });
    expect(current.overrides).toEqual([
      {
        kind: "Rollout",
        namespace: "team-a",
        name: "web",
        uid: "5f1c0a52-7d5e-4a4d-9f1e-2f6b8a3f0001",
        user: "jane",
        refusals: [text],
      },
    ]);
  });

  test("leaves no trace of a dry run", async () => {
    const current = world();
    expect((await current.answer(wrong(["spec.a"], breakGlass), { dryRun: true })).verdict).toBe("overridden");
    expect(current.overrides).toEqual([]);
  });

  test("is not told when nothing is wrong", async () => {
    const current = world();
    expect((await current.answer(rolloutObject({}, breakGlass))).verdict).toBe("allowed");
    expect(current.overrides).toEqual([]);
  });

  test("leaves behind what was wrong when it goes: told again, refused no more", async () => {
    const answer = await world().answer(wrong(["spec.a"]), update(wrong(["spec.a"], breakGlass)));
    expect([answer.verdict, answer.warnings]).toEqual(["allowed", ["spec.a: Invalid value: -1: is wrong"]]);
  });

  test("has no effect with another value, and says so", async () => {
    const answer = await world().answer(wrong(["spec.a"], { annotations: { "sluice.dev/admission": "off" } }));
    expect(answer.verdict).toBe("refused");
    expect(answer.warnings).toEqual(['sluice.dev/admission: the only value with a meaning is "warn"']);
  });
});

describe("the pod template of a workload that a Rollout names", () => {
  const at = (path: string, type: Violation["type"] = "Invalid"): Violation => {
    return { path, type, value: "secret", detail: String.raw`neither "se\"cret" nor "x"`, rule: "r" };
  };
  const found: Findings = {
    refuse: [at("spec.template.spec.containers[0].image"), at("spec.replicas")],
    warn: [at("spec.selector", "NotSupported")],
  };
  const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  const named = rolloutObject({ workloadRef, template: undefined, selector: undefined });
  const all = ({ causes, warnings }: Answer): string[] => [...causes.map(({ message }) => message), ...warnings];
  const quoted = String.raw`Invalid value: "secret": neither "se\"cret" nor "x"`;

  test("is not quoted to who may be anybody", async () => {
    const answer = await world({ findings: () => found }).answer(named);
    expect(all(answer)).toEqual([
      'Invalid value: "…": neither "…" nor "…"',
      quoted,
      'spec.selector: Unsupported value: "…": neither "se\\"cret" nor "x"',
    ]);
  });

  test("is not quoted by help either", async () => {
    const help = "The selector asks for app=secret: make the two agree";
    const helpful = { refuse: found.refuse.map((each) => ({ ...each, help })), warn: [] };
    const [covered, open] = all(await world({ findings: () => helpful }).answer(named));
    expect(covered).not.toContain(help);
    expect(open).toEndWith(`. ${help}`);
    expect(all(await world({ findings: () => helpful, authenticated: true }).answer(named))[0]).toEndWith(help);
  });

  test("is quoted to the API server, and so is what the Rollout holds itself", async () => {
    expect(all(await world({ findings: () => found, authenticated: true }).answer(named))[0]).toBe(quoted);
    expect(all(await world({ findings: () => found }).answer(rolloutObject()))[0]).toBe(quoted);
  });
});
