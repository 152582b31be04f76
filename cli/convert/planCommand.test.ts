import { describe, expect, test } from "bun:test";
import type { KubeClient } from "../../kube/client/transport.ts";
import { CredentialsError } from "../../kube/client/kubeconfig.ts";
import { refusal, testApi } from "../../test/apiServer.ts";
import { parseConvertOptions } from "./options.ts";
import { runPlan } from "./planCommand.ts";

async function run(client: KubeClient | (() => never), ...args: readonly string[]) {
  const parsed = parseConvertOptions(["--plan", ...args]);
  if (parsed.kind !== "plan") throw new Error(JSON.stringify(parsed));
  let text = "";
  const report: string[] = [];
  const code = await runPlan(parsed.options, {
    out: (more) => void (text += more),
    err: (line) => void report.push(line),
    connect: async ({ namespace = "default" }) => {
      const made = typeof client === "function" ? client() : client;
      return { client: made, namespace };
    },
  });
  return { code, text, report };
}

const set = () => testApi({ namespaces: ["shop", "argo-rollouts", "other"], installed: true });
type Api = ReturnType<typeof set>;

const deploy = ({ core }: Api, name: string, metadata: object = {}, spec: object = {}, isUp = true): void => {
  const made = core.create("deployments.apps", {
    metadata: { name, namespace: "shop", ...metadata },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "c:1" }] } },
      ...spec,
    },
  });
  if (!isUp) return;
  core.modify(
    { resource: "deployments.apps", namespace: made.metadata.namespace, name },
    (object) => ({
      ...object,
      status: { observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 3 },
    }),
    { subresource: "status" },
  );
};

const whole = `Deployment "shop/web": 3 pods, not opted in
  profile     canary, which is built in
  reference   3 pods more (6 in all) until the Rollout's are available: none of
              its pods shows how long that takes; at most 600 s
              (progressDeadlineSeconds). Then those of the Deployment end,
              within 30 s each. Later updates have up to 1 pod more.
  adopt       No pod more than now, and no pod restarts. Later updates have up
              to 1 pod more.

1 Deployment: 1 can be migrated now.
`;

describe("a plan", () => {
  test("says of a Deployment what each mode would do, and writes nothing", async () => {
    const api = set();
    deploy(api, "web");
    const { code, text, report } = await run(api.client, "-n", "shop");
    expect({ code, text, report }).toEqual({ code: 0, text: whole, report: [] });
    expect(api.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  test("is for the one mode that was asked for, or that a Deployment is opted in for", async () => {
    const api = set();
    deploy(api, "web");
    deploy(api, "api", { annotations: { "sluice.dev/migrate": "reference" } });
    const { text } = await run(api.client, "-n", "shop", "--mode", "adopt");
    expect(text.match(/^ {2}(adopt|reference) /gm)).toEqual(["  reference ", "  adopt "]);
    expect(text).toContain('Deployment "shop/api": 3 pods, opted in for reference\n');
  });

  test("names what stands in the way, what is to be changed, and what goes on, and ends with 1", async () => {
    const api = set();
    deploy(
      api,
      "web",
      { annotations: { "argocd.argoproj.io/tracking-id": "shop" } },
      { strategy: { type: "Recreate" } },
    );
    const target = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
    const labels = { matchLabels: { app: "web" } };
    const inShop = (name: string, spec: object) => ({ metadata: { name, namespace: "shop" }, spec });
    api.core.create("horizontalpodautoscalers.autoscaling", inShop("web", { maxReplicas: 5, scaleTargetRef: target }));
    api.core.create("poddisruptionbudgets.policy", inShop("web", { selector: labels, minAvailable: 1 }));
    const { code, text } = await run(api.client, "-n", "shop");
    expect(code).toBe(1);
    expect(text).toContain(`  in the way  Its strategy is Recreate, and with a Rollout both versions run
              side by side. If they may, make it RollingUpdate.
  rewritten   HorizontalPodAutoscaler "shop/web": Sluice points it at the
              Rollout, and back.
  goes on     PodDisruptionBudget "shop/web"
  applied by  Argo CD. Reference: let its Application ignore the size, or it
`);
    expect(text).toContain("                    jsonPointers: [/spec/replicas]\n");
    expect(text).toEndWith("1 Deployment: 0 can be migrated now, 1 cannot.\n");
  });

  test("finds the profile as the loop does, by annotation of the Deployment or its Namespace", async () => {
    const api = set();
    const labels = { "sluice.dev/profiles": "true" };
    const put = (namespace: string, data: Readonly<Record<string, string>>) =>
      api.core.create("configmaps", { metadata: { name: "p", namespace, labels }, data });
    put("argo-rollouts", { careful: "canary: { maxSurge: 2 }", wrong: "canary: { steps: [{ setWeight: 200 }] }" });
    deploy(api, "a", { annotations: { "sluice.dev/profile": "careful" } });
    deploy(api, "b", { annotations: { "sluice.dev/profile": "wrong" } });
    deploy(api, "c", { annotations: { "sluice.dev/profile": "carefull" } });
    const { code, text } = await run(api.client, "-n", "shop", "--mode", "adopt");
    expect(code).toBe(1);
    expect(text).toContain('  profile     careful, of ConfigMap "argo-rollouts/p"\n');
    expect(text).toContain("Later updates have up\n              to 2 pods more.\n");
    expect(text.replaceAll(/\n +/g, " ")).toContain("data[wrong].canary.steps[0].setWeight: Invalid value: 200");
    expect(text.replaceAll(/\n +/g, " ")).toContain('Did you mean "careful"?');
  });

  test("leaves namespaces of Kubernetes and Sluice's own alone, which is no refusal", async () => {
    const api = set();
    deploy(api, "dns", { namespace: "kube-system" });
    deploy(api, "sluice", { namespace: "argo-rollouts" });
    deploy(api, "web");
    const { code, text } = await run(api.client, "-A", "--mode", "adopt");
    expect(code).toBe(0);
    expect(text).toContain('Deployment "argo-rollouts/sluice": argo-rollouts is Sluice\'s own namespace,\n');
    expect(text).toContain('Deployment "kube-system/dns": kube-system is a namespace of Kubernetes, which\n');
    expect(text).toEndWith("3 Deployments: 1 can be migrated now, 2 not to be.\n");
  });

  test("is JSON for programs", async () => {
    const api = set();
    deploy(api, "web", {}, {}, false);
    const { code, text } = await run(api.client, "-n", "shop", "-o", "json");
    expect(code).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      unread: [],
      deployments: [
        {
          kind: "candidate",
          namespace: "shop",
          name: "web",
          modes: [
            { mode: "reference", extra: { pods: 3 }, obstacles: [{ what: "updating", passing: true }] },
            { mode: "adopt" },
          ],
        },
      ],
    });
  });

  test("of no Deployment says so", async () => {
    const { code, text, report } = await run(set().client, "-n", "shop");
    expect({ code, text, report }).toEqual({ code: 0, text: "", report: ['No Deployment is in namespace "shop"'] });
  });

  test("stays within 80 columns but for what is to be copied", async () => {
    const api = set();
    deploy(api, "a-service-with-a-name-of-some-length", { annotations: { "argocd.argoproj.io/tracking-id": "a" } });
    const { text } = await run(api.client, "-n", "shop");
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});

describe("what cannot be read", () => {
  test("is reported beside the plan, and ends with 1", async () => {
    const api = set();
    deploy(api, "web");
    api.hook.before = (request) => {
      if (/configmaps|resourcequotas/.test(request.path)) throw refusal(request, 403, "Forbidden");
    };
    const { code, text, report } = await run(api.client, "-n", "shop");
    expect(code).toBe(1);
    expect(text).toContain("  profile     not known: ConfigMaps could not be read\n");
    expect(report.toSorted()).toEqual([
      'Not known: Cannot list configmaps in "argo-rollouts": HTTP 403 Forbidden: no',
      'Not known: Cannot list configmaps in "shop": HTTP 403 Forbidden: no',
      'Not known: Cannot list resourcequotas in "shop": HTTP 403 Forbidden: no',
    ]);
  });

  test("is none where a kind is not installed: Sluice, KEDA, monitoring", async () => {
    const api = testApi({ namespaces: ["shop"] });
    deploy(api, "web");
    expect(await run(api.client, "-n", "shop")).toMatchObject({ code: 0, report: [] });
  });

  test("is an error in one sentence where nothing can be said at all", async () => {
    const api = set();
    api.hook.before = (request) => {
      throw refusal(request, 403, "Forbidden");
    };
    expect(await run(api.client, "-n", "shop")).toEqual({
      code: 1,
      text: "",
      report: ['Error: Cannot list deployments in "shop": HTTP 403 Forbidden: no'],
    });
    const nowhere = (): never => {
      throw new CredentialsError("Cannot find a cluster: no kubeconfig");
    };
    expect(await run(nowhere)).toMatchObject({ code: 1, report: ["Error: Cannot find a cluster: no kubeconfig"] });
  });
});

describe("the flags of a plan", () => {
  test.each([
    [["--plan", "-f", "a.yaml"], "--plan reads a cluster: leave --filename out"],
    [["--plan", "--with-hpa"], "--plan reads a cluster: leave --with-hpa out"],
    [["--plan", "--to", "rollout"], "--plan reads a cluster: leave --to out"],
    [["--plan", "-n", "a", "-A"], "--namespace and --all-namespaces: give one of them"],
    [["--plan", "-n", "a/b"], '"a/b" cannot be the name of a namespace'],
    [["-f", "a.yaml", "-n", "shop"], "--namespace is for --plan: files are read otherwise"],
    [["-f", "a.yaml", "-o", "json"], "--output is for --plan: files are read otherwise"],
    [["--plan", "-o", "yaml"], "option '-o, --output <format>' argument 'yaml' is invalid"],
    [[], "nothing to read: give -f FILE, -f - for standard input, or --plan for a cluster"],
  ])("are refused where they mean nothing: %j", (args, problem) => {
    expect(parseConvertOptions(args)).toMatchObject({
      kind: "refused",
      problem: expect.stringContaining(problem) as string,
    });
  });

  test("have a help of 80 columns, as those of other commands", () => {
    const help = parseConvertOptions(["--help"]);
    const text = help.kind === "help" ? help.text : "";
    expect(text).toStartWith("Usage: sluice convert -f FILE [flags]\n       sluice convert --plan [flags]\n");
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});
