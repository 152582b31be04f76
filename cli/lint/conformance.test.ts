/** The reference linter's verdicts over bundles of manifests, from the command itself (`conformance/validation.jsonl`). */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { lint, type Row } from "./testing.ts";

interface Bundle {
  readonly name: string;
  readonly documents: readonly object[];
  readonly valid: boolean;
  readonly first?: string;
}

const shared = process.env["SLUICE_SHARED"] ?? resolve(import.meta.dir, "../../../shared");
const file = join(shared, "conformance/validation.jsonl");

/** What we refuse and the reference does not (docs/differences.md, "Numbers and durations out of range"). */
const OUR_OWN = ["number-range", "number-or-percentage", "negative-duration"];

/** Without the segments that some of the reference's paths leave out. */
const withoutStrategy = (path: string): string =>
  path.replaceAll(/\.(canary|blueGreen|preferredDuringSchedulingIgnoredDuringExecution)(?=[.[])/g, "");
const pathIn = (text: string): string => withoutStrategy(text.slice(0, text.indexOf(": ")));
const unknownField = ({ first = "" }: Bundle): string | undefined => /unknown field "(\w+)"/.exec(first)?.[1];

if (existsSync(file)) {
  const lines = (await Bun.file(file).text()).split("\n").filter((line) => line !== "");
  const bundles = lines.map((line) => JSON.parse(line) as Bundle);

  describe("lint agrees with the reference's verdict, and finds its first error", () => {
    test("over all bundles", () => {
      expect(bundles).toHaveLength(99);
    });

    test.each(bundles)("$name", async (bundle) => {
      const text = bundle.documents.map((document) => stringify(document)).join("---\n");
      const { code, out, err } = await lint(text, ["-f", "-", "-o", "json"]);
      const { findings } = JSON.parse(out) as { readonly findings: readonly Row[] };
      const errors = findings.filter(({ severity }) => severity === "error");
      expect(code).toBe(errors.length === 0 ? 0 : 1);
      expect(errors.filter(({ rule }) => !OUR_OWN.includes(rule)).length === 0).toBe(bundle.valid);
      const member = unknownField(bundle);
      if (bundle.valid) return;
      expect(err).toStartWith("Error: ");
      const paths = errors.map(({ path }) => withoutStrategy(path));
      // The reference cannot decode it, and names the member alone.
      const wanted =
        member === undefined
          ? pathIn(bundle.first ?? "")
          : (paths.find((path) => path.endsWith(`.${member}`)) ?? member);
      expect(paths).toContain(wanted);
      // The line on stderr is the reference's own first error.
      expect(pathIn(err.replace("Error: ", ""))).toBe(wanted);
    });
  });
} else {
  test.skip(`the reference's verdicts: no ${file}`, () => {});
}
