/** The reference linter's verdicts over bundles of manifests (`conformance/validation.jsonl` of the shared data). */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ServiceLabels, serviceViolations } from "./references.ts";
import { rolloutViolations } from "./rollout.ts";
import { type Violation, violationBody, violationText } from "./violation.ts";

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly spec: { readonly selector?: Record<string, string> };
}

interface Bundle {
  readonly name: string;
  readonly documents: readonly Manifest[];
  readonly valid: boolean;
  readonly first?: string;
  readonly errors: readonly string[];
}

const shared = process.env["SLUICE_SHARED"] ?? resolve(import.meta.dir, "../../../shared");
const file = join(shared, "conformance/validation.jsonl");

/** Bundles that other rules refuse, each with the rules that it waits for. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "canary spec.unknownField = 1": "unknown members are the schema's to refuse",
  "blueGreen unknown": "unknown members are the schema's to refuse",
  "istio host missing": "content of a VirtualService, with traffic routing",
};

function read(text: string): readonly Bundle[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Bundle);
}

/** As the linter does: a Service that is not in the file is not missing. */
function judge({ documents }: Bundle): readonly Violation[] {
  const services = new Map<string, ServiceLabels>(
    documents
      .filter(({ kind }) => kind === "Service")
      .map(({ metadata, spec }) => [
        metadata.name,
        { selector: spec.selector ?? {}, annotations: metadata.annotations ?? {} },
      ]),
  );
  return documents
    .filter(({ kind }) => kind === "Rollout")
    .flatMap((rollout) => [...rolloutViolations(rollout), ...serviceViolations(rollout, services)])
    .filter(({ rule }) => rule !== "service-missing");
}

if (existsSync(file)) {
  const bundles = read(await Bun.file(file).text());
  const ours = bundles.filter(({ name }) => ELSEWHERE[name] === undefined);

  describe("the reference's verdicts", () => {
    test("96 of 99 bundles are these rules' affair, the others are named", () => {
      expect([ours.length, bundles.length]).toEqual([96, 99]);
      expect(bundles.length - ours.length).toBe(Object.keys(ELSEWHERE).length);
    });

    test.each(ours)("$name", (bundle) => {
      const violations = judge(bundle);
      // Not only the verdict: every text, in the reference's order.
      expect(violations.map(violationBody)).toEqual([...bundle.errors]);
      expect(violations.slice(0, 1).map(violationText)).toEqual(bundle.first === undefined ? [] : [bundle.first]);
      expect(violations.length === 0).toBe(bundle.valid);
    });

    test.each(bundles.filter(({ name }) => ELSEWHERE[name] !== undefined))("$name waits", (bundle) => {
      expect(judge(bundle)).toEqual([]);
    });
  });
} else {
  test.skip(`the reference's verdicts: no ${file}`, () => {});
}
