/** What all commands share, on a real API server: kubectl's flags, sentences for what is refused, and names on Tab. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { harness } from "./harness/harness.ts";
import { rolloutOf } from "./harness/plainRollout.ts";

const main = resolve(import.meta.dir, "../../main.ts");
const current = await harness();
const { api, kubeconfig } = current;
const namespace = `line-${crypto.randomUUID().slice(0, 6)}`;

beforeAll(async () => {
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
  for (const name of ["web", "worker"]) await api.create(path, rolloutOf(name, { canary: {} }, { replicas: 0 }));
  const metrics = [{ name: "m", provider: { web: { url: "http://localhost", jsonPath: "{$.ok}" } } }];
  const run = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: "smoke" },
    spec: { metrics },
  };
  await api.create(path.replace("rollouts", "analysisruns"), run);
}, 60_000);
afterAll(() => api.delete(`/api/v1/namespaces/${namespace}`));

async function sluice(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const child = Bun.spawn([process.execPath, main, ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

describe("kubectl's flags", () => {
  test("lead to the cluster, behind the command and before it", async () => {
    const behind = await sluice("convert", "--plan", "-n", namespace, "--kubeconfig", kubeconfig);
    expect(behind).toEqual({ out: "", err: `No Deployment is in namespace "${namespace}"\n`, code: 0 });
    const before = await sluice("-n", namespace, `--kubeconfig=${kubeconfig}`, "convert", "--plan");
    expect(before).toEqual(behind);
  });

  test("impersonate, and what that user may not do is said in one sentence", async () => {
    const { err, code } = await sluice("convert", "--plan", "-n", namespace, "--kubeconfig", kubeconfig, "--as=nobody");
    expect([err.split("\n").length, code]).toEqual([2, 1]);
    expect(err).toStartWith("Error: ");
    expect(err).toContain('User "nobody" cannot list resource "deployments"');
  });

  test("that lead nowhere are told, with what would", async () => {
    const { err, code } = await sluice("convert", "--plan", "--kubeconfig", kubeconfig, "--context", "prod");
    expect(err).toStartWith('Error: Cannot use context "prod": ');
    expect(code).toBe(1);
  });
});

describe("a shell", () => {
  const offered = async (...words: readonly string[]): Promise<string> => {
    const { out, err, code } = await sluice("__complete", "--kubeconfig", kubeconfig, ...words);
    expect([err, code]).toEqual(["", 0]);
    return out;
  };

  test.each([
    [["get", "rollout"]],
    [["promote"]],
    [["abort"]],
    [["retry", "rollout"]],
    [["set", "image"]],
    [["status"]],
  ])("is told the names of Rollouts for %j", async (words) => {
    expect(await offered(...words, "-n", namespace, "")).toBe("web\nworker\n:4\n");
    expect(await offered("-n", namespace, ...words, "wo")).toBe("worker\n:4\n");
  });

  test("is told the names of AnalysisRuns, of Experiments, and of namespaces", async () => {
    expect(await offered("terminate", "analysisrun", "-n", namespace, "")).toBe("smoke\n:4\n");
    expect(await offered("get", "experiment", "-n", namespace, "")).toBe(":4\n");
    expect(await offered("promote", "-n", "line-")).toContain(`${namespace}\n`);
  });

  test("is told nothing that the user may not list", async () => {
    expect(await offered("promote", "--as=nobody", "-n", namespace, "")).toBe(":4\n");
  });
});
