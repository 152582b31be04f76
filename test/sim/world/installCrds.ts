import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiCore, Draft } from "../../../simulator/model/model.ts";
import { LEASE_NAMESPACE } from "./process.ts";

const definitions = ["rollouts", "analysisruns", "experiments", "analysistemplates", "clusteranalysistemplates"].map(
  (name) =>
    Bun.YAML.parse(readFileSync(join(import.meta.dir, `../../../manifests/crds/${name}.yaml`), "utf8")) as Draft,
);

/** Creates what a cluster needs before Rollouts can be created in it. */
export function install(core: ApiCore): void {
  for (const definition of definitions) core.create("customresourcedefinitions.apiextensions.k8s.io", definition);
  core.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: LEASE_NAMESPACE } });
}
