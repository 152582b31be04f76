/** What users copy from the tutorial and the recipes is admitted: nothing in it is wrong, and nothing is warned of. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findingsIn } from "../cli/lint/testing.ts";
import { run as simulate } from "../cli/simulate/command.ts";
import { testPorts } from "../cli/testing.ts";
import { listFiles } from "./sourceFiles.ts";

const root = join(import.meta.dir, "..");
const pages = listFiles(root).filter((path) => /^docs\/(recipes\/.*|tutorial)\.md$/.test(path));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Each block of YAML of a page that has whole objects; parts of some, to be put elsewhere, are none. */
const manifestsOf = (page: string): readonly string[] =>
  [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
    .map(([, text = ""]) => text)
    .filter((text) => /^apiVersion: /m.test(text) && /^kind: /m.test(text));

/** By page: its blocks, each with its number. */
const blocks = pages.flatMap((path) =>
  manifestsOf(read(path)).map((text, index) => ({ name: `${path} block ${index + 1}`, text })),
);
const ours = blocks.filter(({ text }) => text.includes("apiVersion: argoproj.io/v1alpha1"));

describe("manifests of recipes", () => {
  test("are there", () => {
    expect(ours.length).toBeGreaterThan(9);
  });

  test.each(ours)("$name is admitted without a warning", async ({ text }) => {
    const found = (await findingsIn(text)).map(({ line, severity, path, message }) => ({
      line,
      severity,
      path,
      message,
    }));
    expect(found).toEqual([]);
  });

  test("would be refused with a mistake in them", async () => {
    const first = ours.find(({ text }) => text.includes("setWeight: "));
    const wrong = (first?.text ?? "").replace(/setWeight: \d+/, "setWeight: 150");
    expect((await findingsIn(wrong)).map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(["error step-weight"]);
  });

  test.each(blocks)("$name is YAML of whole objects", ({ text }) => {
    const parsed: unknown = Bun.YAML.parse(text);
    const objects = (Array.isArray(parsed) ? parsed : [parsed]) as readonly Partial<Record<string, unknown>>[];
    const partial = objects.filter(
      (each) => typeof each["apiVersion"] !== "string" || typeof each["kind"] !== "string",
    );
    expect(partial).toEqual([]);
  });
});

/** How an update ends, played without a cluster; metrics are good where `args` say nothing. */
async function endOf(manifests: string, args: readonly string[] = []): Promise<string> {
  const ports = testPorts({ stdin: async () => manifests });
  await simulate(["-f", "-", "--image", "nginx:1.29", "-o", "json", ...args], ports);
  const { outcome } = JSON.parse(ports.told.out) as { readonly outcome: { readonly kind: string } };
  return outcome.kind;
}

describe("updates of recipes", () => {
  const rollouts = ours.filter(({ text }) => /^kind: Rollout$/m.test(text));
  /** What a Rollout names and has in another block of its page. */
  const withTemplates = ({ name, text }: (typeof ours)[number]): string => {
    const page = name.replace(/ block \d+$/, "");
    const others = ours.filter((each) => each.name.startsWith(`${page} `) && each.text !== text);
    const templates = others.flatMap((each) =>
      each.text.split("---\n").filter((part) => part.includes("AnalysisTemplate")),
    );
    return [text, ...templates].join("---\n");
  };

  test.each(rollouts)("$name goes through", async (block) => {
    expect(await endOf(withTemplates(block))).toBe("healthy");
  });

  test.each(["docs/tutorial.md block 1", "docs/recipes/k3s-traefik.md block 1"])(
    "%s is turned back where its pods crash or do not get ready, as its page says",
    async (name) => {
      const text = ours.find((each) => each.name === name)?.text ?? "";
      expect(await endOf(text, ["--fail-pods", "crash"])).toBe("aborted");
      expect(await endOf(text, ["--fail-pods", "never-ready"])).toBe("aborted");
    },
  );
});

test("the tutorial shows the file that it applies", () => {
  expect(manifestsOf(read("docs/tutorial.md"))).toEqual([read("docs/tutorial/shop.yaml")]);
});
