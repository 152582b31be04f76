/** What `kubectl explain` says of the five kinds, on a real API server. */
import { expect, test } from "bun:test";
import { crds } from "../../schema/crd.ts";
import { FIELD_SENTENCES, fieldsOf } from "../../schema/fieldSentences.ts";
import { newWorld, type World } from "./harness/clusterWorld.ts";

/** As kubectl prints it, on one line. */
async function explained(world: World, path: string): Promise<string> {
  const { code, stdout, stderr } = await world.harness.kubectl(["explain", path]);
  if (code !== 0) throw new Error(`kubectl explain ${path}: ${stderr}`);
  return stdout.replaceAll(/\s+/g, " ");
}

test.concurrent.each([
  ["Rollout", "spec.replicas", "integer"],
  ["Rollout", "spec.template", "Object"],
  ["Rollout", "spec.strategy.canary.steps", "[]Object"],
  ["Rollout", "spec.strategy.canary.steps.pause.duration", ""],
  ["Rollout", "spec.strategy.canary.steps.setMirrorRoute.match.headers.exact", "string"],
  ["Rollout", "spec.strategy.canary.trafficRouting.nginx.stableIngress", "string"],
  ["Rollout", "spec.strategy.blueGreen.prePromotionAnalysis.args.valueFrom", "Object"],
  ["Rollout", "status.canary.weights.additional.weight", "integer"],
  ["AnalysisTemplate", "spec.metrics.provider.prometheus.query", "string"],
  ["ClusterAnalysisTemplate", "spec.metrics.failureLimit", ""],
  ["AnalysisRun", "status.metricResults.measurements", "[]Object"],
  ["Experiment", "spec.templates.service", "Object"],
] as const)("kubectl explain says what %s.%s does", async (kind, path, type) => {
  const world = await newWorld("explain");
  const text = await explained(world, `${kind.toLowerCase()}.${path}`);
  expect(text).toContain(FIELD_SENTENCES[kind]?.[path] ?? "nothing");
  expect(text).toContain(`FIELD: ${path.split(".").at(-1)} ${type === "" ? "" : `<${type}>`}`.trim());
});

test.concurrent("the API server publishes a sentence for each field of the five kinds", async () => {
  const world = await newWorld("explain-all");
  const document = (await world.harness.api.get("/openapi/v3/apis/argoproj.io/v1alpha1")) as unknown as {
    readonly components: { readonly schemas: Readonly<Record<string, object>> };
  };
  for (const { spec } of crds) {
    const { kind } = spec.names;
    const published = document.components.schemas[`io.argoproj.v1alpha1.${kind}`] ?? {};
    const said = fieldsOf(published).map(({ path, node }) => [path, node.description]);
    expect(Object.fromEntries(said)).toEqual({ ...FIELD_SENTENCES[kind] });
  }
});
