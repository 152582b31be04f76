/** The names in the manifests. */
import { parseControllerOptions } from "../../cli/controller/options.ts";
import packageJson from "../../package.json" with { type: "json" };

export const version: string = packageJson.version;
export const repository = "ghcr.io/sluice-dev/sluice";
export const image = `${repository}:v${version}`;
/** The page of the repository, and what is tagged in it as this version. */
export const source = "https://github.com/sluice-dev/sluice";
export const tag = `v${version}`;

/** Argo Rollouts' namespace, so that both controllers take the same Lease. */
export const namespace = "argo-rollouts";
/** Name of nearly every object; `sluice-webhook` and the like for what belongs to a part. */
export const name = "sluice";

/** Selects our pods; never to be changed, since a Deployment's selector is immutable. */
export const selector = { "app.kubernetes.io/name": name };

/** `component` is the label that `kubectl -l` selects by in docs/uninstall.md. */
export type Component = "controller" | "webhook" | "api" | "namespace" | "dashboard";

/** @param app what Deployments and Services select by */
export const labelsOf = (app: string, component: Component): Readonly<Record<string, string>> => ({
  "app.kubernetes.io/name": app,
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/part-of": name,
});

export const labels = (component: Component): Readonly<Record<string, string>> => labelsOf(name, component);

/**
 * The arguments of the two installs. Only a controller of all namespaces has a webhook: its configuration is
 * cluster-scoped.
 */
export const clusterArgs: readonly string[] = ["controller", "--webhook-port=8443"];
export const namespacedArgs: readonly string[] = ["controller", "--namespaced"];

/** Ports and names, as the controller itself parses the arguments. */
export const served = serving(clusterArgs);

function serving([, ...args]: readonly string[]) {
  const parsed = parseControllerOptions(args, {});
  if (parsed.kind !== "run" || parsed.options.webhook === undefined) {
    throw new Error(`The controller does not serve a webhook with ${args.join(" ")}`);
  }
  const { healthzPort, metricsPort, webhook } = parsed.options;
  return { healthzPort, metricsPort, webhookPort: webhook.port, webhookService: webhook.service };
}
