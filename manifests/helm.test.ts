import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { template } from "./helm.ts";
import { install, kustomizations, namespaceInstall } from "./install.ts";
import type { Manifest } from "./text/render.ts";
import { nameOf, objectsIn, rendered } from "./testing.ts";

const chart = join(import.meta.dir, "helm/sluice");
const helm = Bun.which("helm");
/** Helm is not among the tools that the tests install. */
const withHelm = test.skipIf(helm === null);
if (helm === null) console.log("skipped: the chart is not rendered, since there is no helm on PATH");

/** Runs `helm`. @returns what it prints */
async function run(...args: string[]): Promise<string> {
  const child = Bun.spawn([helm ?? "", ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`helm ${args.join(" ")}: ${out}${errors}`);
  return out;
}

async function chartWith(...values: string[]): Promise<Manifest[]> {
  const set = values.flatMap((value) => ["--set", value]);
  const api = [
    "--kube-version",
    "1.36.0",
    "--api-versions",
    "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",
  ];
  const out = await run("template", "sluice", chart, "--namespace", "argo-rollouts", ...api, ...set);
  return objectsIn(out);
}

const sorted = (objects: readonly Manifest[]): Manifest[] =>
  objects.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
const names = (objects: readonly Manifest[]): string[] => objects.map(nameOf).toSorted();

describe("marks become Helm's language", () => {
  test.each([
    ["a value", "name: ⟦.Release.Name⟧-x", "name: {{ .Release.Name }}-x"],
    [
      "an optional map",
      "  labels: ⟦with .Values.labels⟧",
      "{{- with .Values.labels }}\n  labels:\n{{ toYaml . | indent 4 }}\n{{- end }}",
    ],
    [
      "more items of a list",
      "  - ⟦with .Values.more⟧",
      "{{- with .Values.more }}\n{{ toYaml . | indent 2 }}\n{{- end }}",
    ],
    [
      "a conditional item with all that belongs to it",
      "ports:\n  - ⟦if .Values.a⟧name: a\n    port: 1\n  - name: b",
      "ports:\n{{- if .Values.a }}\n  - name: a\n    port: 1\n{{- end }}\n  - name: b",
    ],
    [
      "a conditional key at the end",
      "a: 1\n⟦if .Values.b⟧b:\n  c: 2",
      "a: 1\n{{- if .Values.b }}\nb:\n  c: 2\n{{- end }}",
    ],
  ])("%s", (_, marked, expected) => {
    expect(template(marked)).toBe(`${expected}\n`);
  });
});

describe("the chart", () => {
  withHelm("is clean to helm lint", async () => {
    expect(await run("lint", "--strict", chart)).toContain("0 chart(s) failed");
  });

  withHelm("makes what install.yaml holds, but for the namespace", async () => {
    const without = rendered(install).filter(({ kind }) => kind !== "Namespace");
    expect(sorted(await chartWith())).toEqual(sorted(without));
  });

  withHelm("makes what namespace-install.yaml holds, in a namespace", async () => {
    const made = await chartWith("namespaced=true", "crds.install=false", "aggregatedRoles.create=false");
    const expected = sorted(rendered(namespaceInstall)).map((object) => {
      const { subjects } = object as { subjects?: object[] };
      return {
        ...object,
        metadata: { ...object.metadata, namespace: "argo-rollouts" },
        ...(subjects && { subjects: subjects.map((each) => ({ ...each, namespace: "argo-rollouts" })) }),
      };
    });
    expect(sorted(made)).toEqual(expected);
  });

  withHelm("has the two-replica profile by one value", async () => {
    const made = await chartWith("replicas=2");
    const deployment = made.find(({ kind }) => kind === "Deployment");
    expect(deployment).toMatchObject({
      spec: (kustomizations["components/two-replicas/deployment.yaml"] as Manifest)["spec"] as object,
    });
    expect(made).toContainEqual(kustomizations["components/two-replicas/poddisruptionbudget.yaml"] as Manifest);
  });

  withHelm(
    "has the profile edge by one value: one replica that ends before the next, and what its component brings",
    async () => {
      const made = await chartWith("profile=edge", "replicas=2");
      const deployment = made.find(({ kind }) => kind === "Deployment") as unknown as {
        readonly spec: {
          readonly replicas: number;
          readonly strategy: object;
          readonly template: { readonly spec: { readonly containers: readonly [Readonly<Record<string, unknown>>] } };
        };
      };
      expect([deployment.spec.replicas, deployment.spec.strategy]).toEqual([1, { type: "Recreate" }]);
      const [container] = deployment.spec.template.spec.containers;
      const read = (path: string): unknown =>
        path
          .split("/")
          .filter((part) => part !== "" && part !== "-")
          .reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], { ...deployment });
      for (const { path, value } of kustomizations["components/edge/deployment.yaml"] as readonly {
        readonly path: string;
        readonly value: unknown;
      }[]) {
        if (path.endsWith("/-")) expect(read(path)).toContainEqual(value);
        else expect(read(path)).toEqual(value);
      }
      expect(container["args"]).toContain("--profile=edge");
      for (const file of ["role", "rolebinding"])
        expect(made).toContainEqual(
          rendered([kustomizations[`components/edge/${file}.yaml`] as Manifest])[0] as Manifest,
        );
      expect(names(made).filter((name) => name.startsWith("PodDisruptionBudget"))).toEqual([]);
    },
  );

  withHelm("without the webhook has nothing of it", async () => {
    const made = await chartWith("webhook.enabled=false");
    expect(names(made).filter((name) => name.includes("webhook"))).toEqual([]);
    expect(JSON.stringify(made.filter(({ kind }) => kind !== "CustomResourceDefinition"))).not.toContain("webhook");
  });

  withHelm("migrates Deployments by one value, with the rights of the kustomize component", async () => {
    const made = await chartWith("migrateDeployments=true");
    expect(JSON.stringify(made.find(({ kind }) => kind === "Deployment"))).toContain('"--migrate-deployments"');
    for (const file of ["clusterrole", "clusterrolebinding"])
      expect(made).toContainEqual(
        rendered([kustomizations[`components/migrate-deployments/${file}.yaml`] as Manifest])[0] as Manifest,
      );
    const restoring = await chartWith("restoreDeployments=true");
    expect(JSON.stringify(restoring.find(({ kind }) => kind === "Deployment"))).toContain('"--restore-deployments"');
    expect(names(restoring)).toContain("ClusterRole sluice-migration");
    const own = await chartWith("migrateDeployments=true", "namespaced=true");
    expect(names(own)).toContain("Role sluice-migration");
    expect(names(own)).not.toContain("ClusterRole sluice-migration");
  });

  withHelm("takes every other value", async () => {
    const made = await chartWith(
      "extraArgs={--logformat=json}",
      "extraEnv[0].name=OTEL_SERVICE_NAME",
      "extraEnv[0].value=here",
      "podAnnotations.team=a",
      "imagePullSecrets[0].name=key",
      "tolerations[0].operator=Exists",
      "affinity.nodeAffinity.x=y",
      "priorityClassName=high",
      "image.tag=v9",
      "networkPolicy.create=false",
    );
    const deployment = made.find(({ kind }) => kind === "Deployment");
    expect(deployment).toMatchObject({
      spec: {
        template: {
          metadata: { annotations: { team: "a" } },
          spec: {
            priorityClassName: "high",
            imagePullSecrets: [{ name: "key" }],
            tolerations: [{ operator: "Exists" }],
            affinity: { nodeAffinity: { x: "y" } },
            containers: [
              {
                image: "ghcr.io/sluice-dev/sluice:v9",
                args: ["controller", "--webhook-port=8443", "--logformat=json"],
              },
            ],
          },
        },
      },
    });
    expect(JSON.stringify(deployment)).toContain('{"name":"OTEL_SERVICE_NAME","value":"here"}');
    expect(names(made).filter((name) => name.startsWith("NetworkPolicy"))).toEqual([]);
  });
});
