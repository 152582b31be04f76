/** What applies a Deployment again and again, and what to set so that it and Sluice do not fight. Pure. */
import { isList } from "../../../kube/object/json.ts";
import { member, objectAt, textAt } from "../convert/objects.ts";
import type { Mode } from "../convert/toRollout.ts";

export interface Applier {
  /** `Argo CD`, `Flux (Kustomization "apps/shop")` */
  readonly name: string;
  /** By mode, what to do: a sentence without the full stop. */
  readonly advice: { readonly [M in Mode]: string };
  /** For mode reference, where lines are to be written: they can be copied as they are. */
  readonly lines: readonly string[];
}

const REPLACE =
  "put the Rollout in the Deployment's place where it comes from (sluice convert), or it makes the Deployment anew";

/** What labels and annotations say of it; several may be at work. */
export function appliersOf(deployment: unknown): readonly Applier[] {
  const labels = objectAt(deployment, "metadata", "labels");
  const annotations = objectAt(deployment, "metadata", "annotations");
  const found: Applier[] = [];
  if (
    annotations["argocd.argoproj.io/tracking-id"] !== undefined ||
    labels["argocd.argoproj.io/instance"] !== undefined ||
    isManagedBy(deployment, "argocd-controller")
  )
    found.push(argo);
  const kustomization = labels["kustomize.toolkit.fluxcd.io/name"];
  if (kustomization !== undefined)
    found.push(
      flux(`Kustomization "${textOf(labels["kustomize.toolkit.fluxcd.io/namespace"])}/${textOf(kustomization)}"`),
    );
  const release = labels["helm.toolkit.fluxcd.io/name"];
  if (release !== undefined)
    found.push(fluxHelm(`HelmRelease "${textOf(labels["helm.toolkit.fluxcd.io/namespace"])}/${textOf(release)}"`));
  else if (labels["app.kubernetes.io/managed-by"] === "Helm" || annotations["meta.helm.sh/release-name"] !== undefined)
    found.push(helm(textAt(deployment, "metadata", "annotations", "meta.helm.sh/release-name")));
  return found;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function isManagedBy(deployment: unknown, manager: string): boolean {
  const fields = member(member(deployment, "metadata"), "managedFields");
  return isList(fields) && fields.some((entry) => textAt(entry, "manager") === manager);
}

const argo: Applier = {
  name: "Argo CD",
  advice: {
    adopt: REPLACE,
    reference: "let its Application ignore the size, or it shows the Deployment as OutOfSync",
  },
  lines: [
    "spec:",
    "  ignoreDifferences:",
    "    - group: apps",
    "      kind: Deployment",
    "      jsonPointers: [/spec/replicas]",
    "  syncPolicy:",
    "    syncOptions: [RespectIgnoreDifferences=true]",
  ],
};

const flux = (which: string): Applier => ({
  name: `Flux (${which})`,
  advice: {
    adopt: REPLACE,
    reference: "leave spec.replicas out of the Deployment's manifest, so that Flux does not own it",
  },
  lines: [],
});

const fluxHelm = (which: string): Applier => ({
  name: `Flux (${which})`,
  advice: { adopt: REPLACE, reference: "where it detects drift, let it ignore the size" },
  lines: [
    "spec:",
    "  driftDetection:",
    "    ignore:",
    "      - paths: [/spec/replicas]",
    "        target: { kind: Deployment }",
  ],
});

const helm = (release: string): Applier => ({
  name: release === "" ? "Helm" : `Helm (release "${release}")`,
  advice: {
    adopt: REPLACE,
    reference: "nothing, while Sluice's webhook answers: it turns the size that an upgrade applies into the Rollout's",
  },
  lines: [],
});
