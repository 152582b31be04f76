import { expect, test } from "bun:test";
import { join } from "node:path";
import { parse } from "yaml";
import packageJson from "../../package.json" with { type: "json" };
import { root } from "../image/buildProgram.ts";
import { artefacts } from "./artefacts.ts";
import { chartPackage } from "./names.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Job {
  readonly permissions: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: { readonly push: { readonly tags: readonly string[]; readonly branches?: unknown } };
  readonly permissions: object;
  readonly jobs: Readonly<Record<"build" | "publish", Job>>;
}

const text = await Bun.file(join(root, ".github/workflows/release.yml")).text();
const workflow = parse(text) as Workflow;
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
const commands = steps.flatMap(({ run }) => run ?? []).join("\n");

test("the workflow starts on tags of versions alone", () => {
  expect(Object.keys(workflow.on)).toEqual(["push"]);
  expect(Object.keys(workflow.on.push)).toEqual(["tags"]);
});

test("the job that runs packages of others may only read, and the one that may write runs none of them", () => {
  expect(workflow.permissions).toEqual({});
  expect(workflow.jobs.build.permissions).toEqual({ contents: "read" });
  const publishing = workflow.jobs.publish;
  expect(publishing.steps.some(({ run = "" }) => /\b(npx|npm|bun)\b/.test(run))).toBe(false);
  expect(publishing.steps.some(({ uses = "" }) => uses.startsWith("actions/checkout"))).toBe(false);
});

test("actions are pinned by commit, each with its version beside it", () => {
  const uses = [...text.matchAll(/uses: (.*)/g)].map(([, what]) => what);
  expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
  for (const what of uses) expect(what).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test("it builds with the Bun of package.json, and names no file that a release does not have", () => {
  for (const [bun] of commands.matchAll(/bun@[\d.]+/g)) expect(bun).toBe(packageJson.packageManager);
  const names = new Set([...artefacts.map(({ name }) => name), chartPackage]);
  for (const name of ["SHA256SUMS", "sluice-image.tar", "sluice-image.ref", "RELEASE_NOTES.md"]) {
    expect(commands).toContain(name);
    expect(names.has(name)).toBe(true);
  }
});

test("no value of an event becomes a part of a command", () => {
  expect(commands).not.toContain("${{");
});
