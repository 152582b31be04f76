import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lint, rollout, template } from "./testing.ts";

let folder: string;
const at = (name: string): string => join(folder, name);
const text = (name: string): Promise<string> => Bun.file(at(name)).text();

const good = rollout("  strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } }\n");
const bad = rollout("  strategy:\n    canary:\n      steps:\n        - setWeight: 101\n");
const risky = rollout("  strategy: { canary: { canaryService: missing } }\n");
const service = "apiVersion: v1\nkind: Service\nmetadata: { name: other }\nspec: { selector: { app: web } }\n";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-lint-"));
  await mkdir(at("all/inner"), { recursive: true });
  await Bun.write(at("good.yaml"), good);
  await Bun.write(at("bad.yaml"), bad);
  await Bun.write(at("risky.yaml"), `${risky}---\n${service}`);
  await Bun.write(at("all/bad.yml"), bad);
  await Bun.write(at("all/values.yaml"), "replicas: 3\n");
  await Bun.write(at("all/inner/bad.json"), JSON.stringify({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("what is wrong is printed", () => {
  test("with file, line and column, the line itself, and what to do", async () => {
    const { code, out, err } = await lint("", ["-f", at("bad.yaml")]);
    expect(code).toBe(1);
    expect(out.replaceAll(folder, "")).toBe(
      `/bad.yaml:18:22: error: spec.strategy.canary.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100 [step-weight]
   18 |         - setWeight: 101
      |                      ^^^
      in Rollout web
      help: The weight is the canary's share of the requests, in percent.

1 error in 1 file
`,
    );
    expect(err).toBe(
      "Error: spec.strategy.canary.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100",
    );
  });

  test("as nothing at all where nothing is wrong", async () => {
    expect(await lint(good, ["-f", "-"])).toEqual({ code: 0, out: "", err: "" });
  });

  test("in colour on a terminal", async () => {
    const { out } = await lint(bad, ["-f", "-"], { columns: 80, env: { TERM: "xterm" } });
    expect(out).toContain("\u001B[91merror:\u001B[39m");
  });

  test("with the exit code 0 for warnings alone, and 1 with --strict", async () => {
    const warned = await lint("", ["-f", at("risky.yaml")]);
    expect([warned.code, warned.err]).toEqual([0, ""]);
    expect(warned.out).toContain('warning: spec.strategy.canary.canaryService: Invalid value: "missing"');
    const strict = await lint("", ["-f", at("risky.yaml"), "--strict"]);
    expect([strict.code, strict.err]).toEqual([1, "Error: a warning counts as errors: --strict"]);
  });

  test("of a long line around the place, and without control characters", async () => {
    const { out } = await lint(rollout(`  replicas: ["${"x".repeat(300)}\\e[2J"]\n  strategy: { canary: {} }\n`), [
      "-f",
      "-",
    ]);
    expect(out).not.toContain("\u001B");
    expect(
      Math.max(
        ...out
          .split("\n")
          .slice(1)
          .map((line) => line.length),
      ),
    ).toBeLessThan(130);
  });
});

describe("other programs get it", () => {
  test("as JSON, with a count of each", async () => {
    const { out } = await lint(bad, ["-f", "-", "-o", "json"]);
    expect(JSON.parse(out)).toEqual({
      findings: [
        {
          file: "standard input",
          line: 18,
          column: 22,
          endLine: 18,
          endColumn: 25,
          severity: "error",
          rule: "step-weight",
          object: { kind: "Rollout", namespace: "", name: "web" },
          path: "spec.strategy.canary.steps[0].setWeight",
          message: "Invalid value: 101: SetWeight needs to be between 0 and 100",
          help: "The weight is the canary's share of the requests, in percent",
          fixable: false,
        },
      ],
      errors: 1,
      warnings: 0,
      judged: 1,
    });
  });

  test("as SARIF, with the fix where there is one", async () => {
    const { out } = await lint(template("      interval: 30\n"), ["-f", "-", "-o", "sarif"]);
    const { version, runs } = JSON.parse(out) as { version: string; runs: { results: object[]; tool: object }[] };
    expect(version).toBe("2.1.0");
    expect(runs[0]?.tool).toMatchObject({ driver: { name: "sluice lint", rules: [{ id: "schema-type" }] } });
    const artifactLocation = { uri: "standard%20input" };
    const region = { startLine: 10, startColumn: 17, endLine: 10, endColumn: 19 };
    expect(runs[0]?.results).toMatchObject([
      {
        ruleId: "schema-type",
        ruleIndex: 0,
        level: "error",
        locations: [{ physicalLocation: { artifactLocation, region } }],
        fixes: [
          {
            artifactChanges: [
              { artifactLocation, replacements: [{ deletedRegion: region, insertedContent: { text: "30s" } }] },
            ],
          },
        ],
      },
    ]);
  });

  test("as annotations of a GitHub workflow, each one line", async () => {
    const { out } = await lint(template("      successCondition: result[0 >= 1\n"), ["-f", "-", "-o", "github"]);
    expect(out.trimEnd().split("\n")).toHaveLength(1);
    expect(out).toStartWith(
      "::error file=standard input,line=10,col=25,endLine=10,endColumn=38,title=sluice lint%3A metric-condition::spec.metrics[0].successCondition: ",
    );
  });

  test("as an empty list where nothing is wrong", async () => {
    for (const format of ["json", "sarif"]) {
      const { code, out } = await lint(good, ["-f", "-", "-o", format]);
      expect([code, JSON.parse(out)]).toMatchObject([
        0,
        format === "json" ? { findings: [], judged: 1 } : { runs: [{ results: [] }] },
      ]);
    }
    expect((await lint(good, ["-f", "-", "-o", "github"])).out).toBe("");
  });
});

describe("what is read", () => {
  test("is a folder, and its folders with -R; what is no object is passed over there", async () => {
    const flat = await lint("", ["-f", at("all")]);
    expect(flat.out.match(/: error: /g)).toHaveLength(1);
    const deep = await lint("", ["-R", "-f", at("all"), "-o", "json"]);
    const { findings } = JSON.parse(deep.out) as { findings: { file: string }[] };
    expect([...new Set(findings.map(({ file }) => file.replace(folder, "")))]).toEqual([
      "/all/bad.yml",
      "/all/inner/bad.json",
    ]);
  });

  test("are several files, by -f and as pre-commit gives them, each once", async () => {
    const { out } = await lint("", ["-f", at("bad.yaml"), at("good.yaml"), at("bad.yaml"), at("all/bad.yml")]);
    expect(out).toEndWith("\n2 errors in 2 files\n");
  });

  test("must be there, and be text", async () => {
    const missing = await lint("", ["-f", at("none.yaml")]);
    expect(missing).toEqual({ code: 1, out: "", err: `Error: cannot read ${at("none.yaml")}: there is no such file` });
    await Bun.write(at("image.yaml"), new Uint8Array([0xff, 0x00, 0xc0]));
    expect((await lint("", ["-f", at("image.yaml")])).err).toContain("it is not UTF-8: save it as that");
    await Bun.write(at("wide.yaml"), new Uint8Array([0xff, 0xfe, ...Buffer.from(bad, "utf16le")]));
    expect((await lint("", ["-f", at("wide.yaml")])).out).toContain("SetWeight needs to be");
  });

  test("is said where none of it is ours", async () => {
    const { code, err } = await lint(service, ["-f", "-"]);
    expect([code, err]).toEqual([0, "Nothing to judge: no Rollout, analysis or Experiment is among what was given"]);
  });
});

describe("what was typed", () => {
  test.each([
    [[], "nothing to read: give -f FILE, or -f - for standard input"],
    [["-f", "-", "--fix"], "--fix changes files: give them by name instead of standard input"],
    [
      ["-f", "x", "-o", "xml"],
      "option '-o, --output <format>' argument 'xml' is invalid. Allowed choices are text, json, sarif, github.",
    ],
    [["-f", "x", "--fixx"], "unknown option '--fixx'\n(Did you mean --fix?)"],
  ])("is refused where it means nothing: %j", async (args, problem) => {
    const { code, err } = await lint("", args);
    expect([code, err]).toEqual([1, `Error: ${problem}\nRun 'sluice lint --help' for usage.`]);
  });

  test("may have the flags that scripts give to every command of kubectl's", async () => {
    const { code, err } = await lint(good, ["-f", "-", "-n", "shop", "--context", "c", "--kubeconfig", "none"]);
    expect([code, err]).toEqual([0, ""]);
  });

  test("is explained with --help, under the name that it was called by", async () => {
    const { code, out } = await lint("", ["--help"], { program: "kubectl argo rollouts" });
    expect(code).toBe(0);
    expect(out).toStartWith("Usage: kubectl argo rollouts lint -f FILE [flags]\n");
    expect(out).toContain("kustomize build overlays/prod | kubectl argo rollouts lint -f -");
  });
});

describe("--fix", () => {
  test("changes what has one right answer, and leaves the rest of the file as it is, to the byte", async () => {
    const wrong = `\uFEFF# Of the shop team.\r\n${rollout(`  replicas: "4"   # four\r\n  strategy: {canary: {steps: [{setWeight: '25'}, {pause: {}}]}}\r\n`)}`;
    await Bun.write(at("fix.yaml"), wrong);
    await chmod(at("fix.yaml"), 0o640);
    await symlink(at("fix.yaml"), at("link.yaml"));
    const { code, err, out } = await lint("", ["-f", at("link.yaml"), "--fix"]);
    expect({ code, err, out }).toEqual({ code: 0, err: `${at("link.yaml")}: put right in 2 places`, out: "" });
    const bytes = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await Bun.file(at("fix.yaml")).bytes());
    expect(bytes).toBe(wrong.replace('"4"', "4").replace("'25'", "25"));
    expect((await stat(at("fix.yaml"))).mode & 0o777).toBe(0o640);
  });

  test("says what is left", async () => {
    await Bun.write(at("left.yaml"), bad.replace("spec:\n", 'spec:\n  replicas: "3"\n'));
    const { code, out } = await lint("", ["-f", at("left.yaml"), "--fix"]);
    expect([code, out.match(/: error: /g)?.length]).toEqual([1, 1]);
    expect(await text("left.yaml")).toContain("replicas: 3\n");
  });

  test("does not write a file in which nothing has one right answer", async () => {
    const before = (await stat(at("bad.yaml"))).mtimeMs;
    await lint("", ["-f", at("bad.yaml"), "--fix"]);
    expect((await stat(at("bad.yaml"))).mtimeMs).toBe(before);
  });
});
