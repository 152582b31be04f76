/** The CRDs of the routers whose objects the scenarios have, as their projects ship them. */
import { join } from "node:path";
import type { Harness } from "../cluster/harness/harness.ts";
import { sharedDir } from "../cluster/harness/kubeBinary.ts";
import { trafficSplits } from "../cluster/harness/routed.ts";
import { until } from "../cluster/harness/until.ts";
import { routedPaths } from "./observe.ts";

const names = ["ambassador", "apisix", "appmesh", "istio", "traefik"];

/**
 * Applies them and waits until all are served. What SMI ships has no longer the version that is the default of both
 * controllers; a TrafficSplit of that version takes any content.
 */
export async function applyRouterCrds({ api, kubectl }: Pick<Harness, "api" | "kubectl">): Promise<void> {
  const files = names.map((name) => join(sharedDir(), "crds", `${name}.yaml`));
  const args = ["apply", "--server-side", ...files.flatMap((file) => ["-f", file])];
  const applied = await kubectl(args);
  if (applied.code !== 0) throw new Error(`Cannot apply the routers' CRDs (${args.join(" ")}): ${applied.stderr}`);
  await api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", trafficSplits);
  await Promise.all(
    Object.values(routedPaths).map((path) =>
      until(`${path} is served`, async () => (await api.answer("GET", path)).status === 200, 30_000),
    ),
  );
}
