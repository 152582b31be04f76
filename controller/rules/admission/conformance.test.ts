/** The reference linter's verdicts over bundles of manifests (`conformance/validation.jsonl` of the shared data). */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { admissionFindings, type Findings } from "./admissionFindings.ts";
import { type ServiceLabels, serviceViolations } from "../rollout/references.ts";
import { rolloutViolations } from "../rollout/rollout.ts";
import { type Violation, violationBody, violationText } from "../../../kube/validation/violation.ts";
import { virtualServiceFindings } from "../../../providers/traffic/virtualService.ts";

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

const shared = process.env["SLUICE_SHARED"] ?? resolve(import.meta.dir, "../../../../shared");
const file = join(shared, "conformance/validation.jsonl");

function read(text: string): readonly Bundle[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Bundle);
}

/** What we refuse and the reference does not (docs/differences.md, "Numbers and durations out of range"). */
const OUR_OWN = new Set(["number-range", "number-or-percentage", "negative-duration"]);

const named = ({ documents }: Bundle, kind: string): ReadonlyMap<string, Manifest> =>
  new Map(documents.filter((document) => document.kind === kind).map((document) => [document.metadata.name, document]));

const rollouts = ({ documents }: Bundle): readonly Manifest[] => documents.filter(({ kind }) => kind === "Rollout");

const services = (bundle: Bundle): ReadonlyMap<string, ServiceLabels> =>
  new Map(
    [...named(bundle, "Service")].map(([name, { metadata, spec }]) => [
      name,
      { selector: spec.selector ?? {}, annotations: metadata.annotations ?? {} },
    ]),
  );

/** As the linter does: an object that is not in the file is not reported as missing. */
const inOrder = (bundle: Bundle): readonly Violation[] =>
  rollouts(bundle).flatMap((rollout) => [
    ...rolloutViolations(rollout),
    ...serviceViolations(rollout, services(bundle)).filter(({ rule }) => rule !== "service-missing"),
    ...virtualServiceFindings(rollout, named(bundle, "VirtualService")).refuse,
  ]);

const admit = (bundle: Bundle): Findings => {
  const kinds: Readonly<Record<string, string>> = { ingresses: "Ingress", virtualservices: "VirtualService" };
  const references = {
    services: services(bundle),
    routed: ({ plural }: { readonly plural: string }) => named(bundle, kinds[plural] ?? ""),
  };
  const all = rollouts(bundle).map((rollout) => admissionFindings(rollout, "Rollout", { references, strict: true }));
  return { refuse: all.flatMap(({ refuse }) => refuse), warn: all.flatMap(({ warn }) => warn) };
};

/** The linter cannot decode these at all and names only the member that it does not know. */
const unknownField = ({ first = "" }: Bundle): string | undefined => /unknown field "(\w+)"/.exec(first)?.[1];

/** The path in an error of the reference, without the segments that some of its paths leave out. */
const withoutStrategy = (path: string): string =>
  path.replace(/\.(canary|blueGreen|preferredDuringSchedulingIgnoredDuringExecution)(?=[.[])/g, "");
const pathIn = (text: string): string => withoutStrategy(text.slice(0, text.indexOf(": ")));

if (existsSync(file)) {
  const bundles = read(await Bun.file(file).text());
  const decoded = bundles.filter((bundle) => unknownField(bundle) === undefined);

  describe("the texts of the reference's linter", () => {
    test("cover 97 of 99 bundles, the others it cannot decode", () => {
      expect([decoded.length, bundles.length]).toEqual([97, 99]);
    });

    test.each(decoded)("$name", (bundle) => {
      const violations = inOrder(bundle);
      // Not only the verdict: every text, in the reference's order.
      expect(violations.map(violationBody)).toEqual([...bundle.errors]);
      expect(violations.slice(0, 1).map(violationText)).toEqual(bundle.first === undefined ? [] : [bundle.first]);
    });
  });

  describe("admission agrees with the linter's verdict", () => {
    test.each(bundles)("$name", (bundle) => {
      const { refuse } = admit(bundle);
      expect(refuse.filter(({ rule }) => !OUR_OWN.has(rule)).length === 0).toBe(bundle.valid);
      const member = unknownField(bundle);
      if (member === undefined) {
        const paths = refuse.map(({ path }) => withoutStrategy(path));
        if (bundle.first !== undefined) expect(paths).toContain(pathIn(bundle.first));
      } else {
        expect(refuse.map(({ path }) => path).filter((path) => path.endsWith(`.${member}`))).toHaveLength(1);
      }
    });
  });
} else {
  test.skip(`the reference's verdicts: no ${file}`, () => {});
}
