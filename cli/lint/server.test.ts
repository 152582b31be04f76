import { describe, expect, test } from "bun:test";
import type { CliPorts } from "../ports.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { refusal, testApi } from "../../test/apiServer.ts";
import { lint, rollout, template } from "./testing.ts";

const set = () => testApi({ namespaces: ["shop"], installed: true });
const connected = (client: KubeClient): Partial<CliPorts> => ({
  connect: () => Promise.resolve({ client, namespace: "shop", source: "a test" }),
});
const canary = "  strategy: { canary: {} }\n";
const asked = (input: string, client: KubeClient) => lint(input, ["-f", "-", "--server"], connected(client));

describe("the API server, asked with --server,", () => {
  test("is given a dry run of each object, and nothing is stored", async () => {
    const { client, requests } = set();
    expect(await asked(`${rollout(canary)}---\n${template("")}`, client)).toEqual({ code: 0, out: "", err: "" });
    expect(requests.map(({ method, path, query }) => [method, String(path), query] as readonly unknown[])).toEqual(
      ["rollouts", "analysistemplates"].map((plural) => [
        "POST",
        `/apis/argoproj.io/v1alpha1/namespaces/shop/${plural}`,
        { dryRun: "All", fieldValidation: "Strict" },
      ]),
    );
  });

  test("judges an edit where there is an object of the name", async () => {
    const { client, core, requests } = set();
    core.create("rollouts.argoproj.io", { metadata: { name: "web", namespace: "shop" }, spec: { replicas: 7 } });
    expect((await asked(rollout(canary), client)).code).toBe(0);
    expect(requests.map(({ method }) => method)).toEqual(["POST", "GET", "PUT"]);
  });

  test("is asked again about an edit where somebody else has written meanwhile", async () => {
    const { client, core, hook, requests } = set();
    core.create("rollouts.argoproj.io", { metadata: { name: "web", namespace: "shop" }, spec: { replicas: 7 } });
    let conflicts = 2;
    hook.before = (request) => {
      if (request.method === "PUT" && conflicts-- > 0) throw refusal(request, 409, "Conflict", "has been modified");
    };
    expect(await asked(rollout(canary), client)).toMatchObject({ code: 0, out: "" });
    expect(requests.map(({ method }) => method).join(" ")).toBe("POST GET PUT GET PUT GET PUT");
  });

  test("has its own refusals and warnings shown at their places, and nothing twice", async () => {
    const { client, hook } = set();
    hook.before = (request) => {
      throw refusal(request, 422, "Invalid", 'Rollout.argoproj.io "web" is invalid', {
        details: {
          causes: [
            { reason: "FieldValueInvalid", field: "spec.replicas", message: "Invalid value: 300: more than the quota" },
            { reason: "FieldValueInvalid", field: "spec.strategy.canary.steps[0].setWeight", message: "theirs" },
          ],
        },
      });
    };
    const { code, out } = await asked(
      rollout("  replicas: 300\n  strategy: { canary: { steps: [{ setWeight: 101 }] } }\n"),
      client,
    );
    expect(code).toBe(1);
    expect(out).toContain("15:13: error: spec.replicas: Invalid value: 300: more than the quota [api-server]");
    expect(out).not.toContain("theirs");
  });

  test("that refuses without a place has it shown at the object", async () => {
    const { client, hook } = set();
    hook.before = (request) => {
      throw refusal(request, 403, "Forbidden", 'admission webhook "policy" denied the request: no latest');
    };
    expect((await asked(rollout(canary), client)).out).toContain(
      '4:9: error: admission webhook "policy" denied the request',
    );
  });

  test("that cannot be reached is an error, with its reason", async () => {
    const { code, err } = await lint(rollout(canary), ["-f", "-", "--server"], {
      connect: () => Promise.reject(new Error("there is no kubeconfig")),
    });
    expect([code, err]).toEqual([1, "Error: cannot ask the API server (--server): there is no kubeconfig"]);
  });
});
