import { describe, expect, test } from "bun:test";
import { stringify } from "yaml";
import { PAUSED, rollout, shop } from "../objects/testing.ts";
import { run } from "./command.ts";

const stdin = (...objects: readonly unknown[]) => ({
  stdin: async () => objects.map((each) => (typeof each === "string" ? each : stringify(each))).join("---\n"),
});
const argo = (kind: string, name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind,
  metadata: { name, ...metadata },
  spec,
});
const metrics = [{ name: "m", provider: { prometheus: { query: "1" } } }];

describe("objects of files", () => {
  test("are created in the namespace of the file, else in that of the flags", async () => {
    const api = shop();
    api.core.create("namespaces", { metadata: { name: "other" } });
    const elsewhere = { ...rollout("there"), metadata: { name: "there", namespace: "other" } };
    const here = { ...rollout("here"), metadata: { name: "here" } };
    expect(await api.run(run, ["-f", "-"], stdin(here, elsewhere))).toMatchObject({
      code: 0,
      out: "rollout.argoproj.io/here created\nrollout.argoproj.io/there created\n",
      err: "",
    });
    expect(api.read("here")).toBeDefined();
    expect(api.core.list("rollouts.argoproj.io", { namespace: "other" })).toHaveLength(1);
  });

  test("may be of each kind of argoproj.io", async () => {
    const api = shop();
    const all = [
      argo("Experiment", "e", { templates: [] }),
      argo("AnalysisTemplate", "t", { metrics }),
      argo("ClusterAnalysisTemplate", "c", { metrics }),
      argo("AnalysisRun", "r", { metrics }),
    ];
    expect(await api.run(run, ["-f", "-"], stdin(...all))).toMatchObject({
      code: 0,
      out: `experiment.argoproj.io/e created
analysistemplate.argoproj.io/t created
analysistemplate.argoproj.io/c created
analysisrun.argoproj.io/r created
`,
    });
    expect(api.core.list("clusteranalysistemplates.argoproj.io")).toHaveLength(1);
  });

  test.each<[string, readonly unknown[], string]>([
    ["another kind", [{ apiVersion: "v1", kind: "Pod" }], "creates of /Pod unsupported"],
    ["another group", [{ apiVersion: "apps/v1", kind: "Rollout" }], "creates of apps/Rollout unsupported"],
    ["no object", ["[1]\n"], "standard input holds no object: it begins with [1]"],
    ["nothing", [""], "-: there is no object in it"],
    ["a member twice", ["kind: A\nkind: B\n"], "cannot read standard input: Map keys must be unique at line 2"],
  ])("must not be %s, and then none is created", async (_, objects, problem) => {
    const api = shop();
    const { code, err, writes } = await api.run(run, ["-f", "-"], stdin({ ...rollout("web") }, ...objects));
    const alone = await api.run(run, ["-f", "-"], stdin(...objects));
    expect({ code: alone.code, writes: alone.writes }).toEqual({ code: 1, writes: [] });
    expect(alone.err).toStartWith(`Error: ${problem}`);
    if (objects[0] !== "") expect({ code, writes, isSaid: err !== "" }).toEqual({ code: 1, writes: [], isSaid: true });
  });

  test("must not have fields that the kind has not", async () => {
    const { code, err } = await shop().run(run, ["-f", "-"], stdin(rollout("web", { replica: 3 })));
    expect(code).toBe(1);
    expect(err).toContain('unknown field "spec.replica"');
  });

  test("are JSON, too, and are printed with -o", async () => {
    const json = JSON.stringify(rollout("web"));
    expect(await shop().run(run, ["-f", "-", "-o", "name", "--no-color"], stdin(json))).toMatchObject({
      out: "rollout.argoproj.io/web\n",
    });
  });

  test("that cannot be read are named", async () => {
    expect((await shop().run(run, ["-f", "/nowhere/a.yaml"])).err).toBe(
      "Error: open /nowhere/a.yaml: no such file or directory\n",
    );
  });

  test("can be watched: one Rollout, until it is Healthy", async () => {
    const api = shop();
    const healthy = { ...PAUSED, pauseConditions: [], controllerPause: false, phase: "Healthy", message: "" };
    api.clock.after(1_000, () => void api.status("web", healthy));
    expect(await api.run(run, ["-f", "-", "-w"], stdin(rollout("web")))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^rollout.argoproj.io\/web created\n.*\nHealthy\n$/s) as string,
    });
    const two = await api.run(run, ["-f", "-", "-f", "-", "-w"], stdin(rollout("web")));
    expect(two).toMatchObject({ code: 1, err: "Error: Cannot watch multiple resources\n" });
    const template = argo("AnalysisTemplate", "t", { metrics });
    expect(await api.run(run, ["-f", "-", "-w"], stdin(template))).toMatchObject({ code: 1 });
  });

  test("have to be named: else it prints its usage", async () => {
    expect((await shop().run(run, [])).err).toStartWith("Usage: sluice create -f FILE... [flags]\n");
  });
});

describe("an AnalysisRun", () => {
  const template = argo("AnalysisTemplate", "errors", { metrics, args: [{ name: "service" }] }, { namespace: "shop" });

  test("of a template in the cluster, with the arguments that are given", async () => {
    const api = shop();
    api.create(template);
    const args = ["analysisrun", "--from", "errors", "-a", "service=a=b", "-a", "more=1", "--name", "now"];
    expect(await api.run(run, args)).toMatchObject({ code: 0, out: "analysisrun.argoproj.io/now created\n", err: "" });
    const [made] = api.core.list("analysisruns.argoproj.io");
    expect(made).toMatchObject({ spec: { args: [{ name: "service", value: "a=b" }], metrics } });
  });

  test("of a template in a file, with a name that the API server makes", async () => {
    const api = shop();
    const args = ["ar", "--from-file", "-", "-a", "service=web", "--instance-id", "blue"];
    const { code, out } = await api.run(run, args, stdin(template));
    expect(code).toBe(0);
    expect(out).toMatch(/^analysisrun\.argoproj\.io\/errors-[a-z0-9]{5} created\n$/);
    expect(api.core.list("analysisruns.argoproj.io")[0]?.metadata.labels).toEqual({
      "argo-rollouts.argoproj.io/controller-instance-id": "blue",
    });
  });

  test("of a ClusterAnalysisTemplate; those that it includes are left out, which is said", async () => {
    const api = shop();
    const spec = { metrics, templates: [{ templateName: "other" }] };
    api.core.create("clusteranalysistemplates.argoproj.io", argo("ClusterAnalysisTemplate", "all", spec));
    const { code, err, out } = await api.run(run, ["analysisrun", "--global", "--from", "all", "-o", "name"]);
    expect({ code, out }).toMatchObject({ code: 0 });
    expect(out).toStartWith("analysisrun.argoproj.io/all-");
    expect(err).toContain("are not part of the run");
  });

  test.each<[string, readonly string[], string]>([
    ["no template", [], "one of --from or --from-file must be specified"],
    ["two templates", ["--from", "a", "--from-file", "-"], "one of --from or --from-file must be specified"],
    ["an argument without a value", ["--from", "errors", "-a", "x"], "arguments must be in the form NAME=VALUE"],
    ["an open argument", ["--from", "errors"], "args.service was not resolved"],
    ["none of the name", ["--from", "nope"], 'analysistemplates.argoproj.io "nope" not found'],
    ["another kind", ["--from-file", "-"], "- has to hold one AnalysisTemplate or ClusterAnalysisTemplate"],
  ])("cannot be made of %s", async (_, args, problem) => {
    const api = shop();
    api.create(template);
    const { code, err } = await api.run(run, ["analysisrun", ...args], stdin(rollout("web")));
    expect(code).toBe(1);
    expect(err).toStartWith(`Error: ${problem}`);
  });
});
