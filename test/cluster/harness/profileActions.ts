/** What users do with profiles: write a wrong one, mend it, and take away one that a Deployment names. */
import type { CommandResult } from "./controlPlane.ts";
import type { Harness } from "./harness.ts";

/** @returns what kubectl says of the wrong profile, and of the loss of the right one */
export async function wrongProfileAndLost(
  { kubectl }: Pick<Harness, "kubectl">,
  until: (what: string, holds: () => Promise<boolean>) => Promise<unknown>,
): Promise<{ readonly stderr: string; readonly warning: string }> {
  const apply = (object: object): Promise<CommandResult> => kubectl(["apply", "-f", "-"], JSON.stringify(object));
  const profiles = (careful: string): object => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "profiles", namespace: "default", labels: { "sluice.dev/profiles": "true" } },
    data: { careful },
  });
  const labels = { app: "profiled" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "web:1" }] } };
  const annotations = { "sluice.dev/migrate": "reference", "sluice.dev/profile": "careful" };
  await apply({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "profiled", namespace: "default", annotations },
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  });
  const { stderr } = await apply(profiles("canary: { steps: [{ setWeight: 150 }] }"));
  const right = await apply(profiles("canary: {}"));
  if (right.code !== 0) throw new Error(right.stderr);
  let warning = "";
  await until("the loss is warned of", async () => {
    ({ stderr: warning } = await kubectl(["delete", "configmap", "profiles", "-n", "default", "--dry-run=server"]));
    return warning !== "";
  });
  await kubectl(["delete", "configmap/profiles", "deployment/profiled", "-n", "default"]);
  return { stderr, warning };
}
