import { describe, expect, test } from "bun:test";
import { testPorts } from "./testing.ts";
import { run } from "./version.ts";

async function version(args: readonly string[], program = "sluice"): Promise<string> {
  const ports = testPorts({ program });
  const code = await run(args, ports);
  return code === 0 ? ports.told.out : ports.told.err;
}

describe("the version", () => {
  test.each([[[]], [["--short"]], [["-n", "shop"]]])("is one line: sluice version %j", async (args) => {
    expect(await version(args)).toBe("sluice: v1.2.3\n");
  });

  test("is JSON for scripts", async () => {
    expect(JSON.parse(await version(["-o", "json"]))).toEqual({
      version: "v1.2.3",
      bun: Bun.version,
      platform: expect.stringMatching(/^(linux|darwin|windows)\/(amd64|arm64)$/) as string,
    });
  });

  test("is told as the official plugin tells it, when it is called by its name", async () => {
    const text = await version([], "kubectl argo rollouts");
    const names = text.split("\n").map((line) => line.replace(/: .*|:$/, ""));
    expect(text).toStartWith("kubectl-argo-rollouts: v1.2.3+unknown\n");
    expect(names).toEqual([
      "kubectl-argo-rollouts",
      "  BuildDate",
      "  GitCommit",
      "  GitTreeState",
      "  GoVersion",
      "  Compiler",
      "  Platform",
      "",
    ]);
    expect(await version(["--short"], "kubectl argo rollouts")).toBe("kubectl-argo-rollouts: v1.2.3+unknown\n");
  });

  test("in another form is refused", async () => {
    expect(await version(["-o", "xml"])).toContain("Allowed choices are json");
  });
});
