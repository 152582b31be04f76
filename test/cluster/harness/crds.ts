import { join, resolve } from "node:path";
import type { Api } from "./api.ts";
import type { CommandResult } from "./controlPlane.ts";

const repository = resolve(import.meta.dir, "../../..");

/** Runs kubectl against the cluster of `api`. */
type Kubectl = (args: readonly string[]) => Promise<CommandResult>;

/**
 * Applies the CRDs: ours as any user would, those of $SLUICE_CRDS server-side (the reference's exceed the annotation's
 * size).
 */
export async function applyCrds(kubectl: Kubectl, api: Api): Promise<void> {
  const given = Bun.env.SLUICE_CRDS;
  const folder = given ?? join(repository, "manifests/crds");
  const apply = ["apply", ...(given === undefined ? [] : ["--server-side"]), "-f", folder];
  const applied = await kubectl(apply);
  if (applied.code !== 0) throw new Error(`Cannot apply the CRDs (kubectl ${apply.join(" ")}): ${applied.stderr}`);
  const end = Date.now() + 30_000;
  for (const plural of ["rollouts", "experiments", "analysisruns", "analysistemplates"]) {
    // Waits until they are served: the condition Established comes a moment earlier.
    while ((await api.list(`/apis/argoproj.io/v1alpha1/${plural}`).catch(() => undefined)) === undefined) {
      if (Date.now() > end) throw new Error(`The API server does not serve ${plural}.argoproj.io within 30 s`);
      await Bun.sleep(100);
    }
  }
}
