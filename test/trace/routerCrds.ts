/** The CRDs of the routers whose objects the scenarios have, as their projects ship them. */
import { join } from "node:path";
import type { Harness } from "../cluster/harness/harness.ts";
import { trafficSplits } from "../cluster/harness/routed.ts";
import { until } from "../cluster/harness/until.ts";
import { routedPaths } from "./observe.ts";

const folder = join(Bun.env.SLUICE_SHARED ?? join(import.meta.dir, "../../../shared"), "crds");
const files = ["ambassador", "apisix", "istio", "traefik"].map((name) => join(folder, `${name}.yaml`));

/**
 * Applies them and waits until all are served. What SMI ships has no longer the version that is the default of both
 * controllers; a TrafficSplit of that version takes any content.
 */
export async function applyRouterCrds({ api, kubectl }: Pick<Harness, "api" | "kubectl">): Promise<void> {
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
