/** What a Rollout names in `workloadRef` (docs/behaviour/validation.md#workload-reference). */
import type { Findings } from "../../../kube/validation/findings.ts";
import type { Resolution } from "./input.ts";
import { at, count, type Place, present, root, text, whole } from "../../../kube/validation/place.ts";
import {
  forbidden,
  helped,
  invalid,
  notSupported,
  required,
  type Violation,
} from "../../../kube/validation/violation.ts";

export type WorkloadKind = "Deployment" | "ReplicaSet" | "PodTemplate";

/** The API group of each kind that has a pod template for us. */
const GROUPS: Readonly<Record<WorkloadKind, string>> = { Deployment: "apps", ReplicaSet: "apps", PodTemplate: "" };

export const WORKLOAD_KINDS: readonly string[] = Object.keys(GROUPS);

const isWorkloadKind = (kind: string): kind is WorkloadKind => Object.hasOwn(GROUPS, kind);

/** The group in an apiVersion, "" for the core group. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";

/** Members that are left out are "". */
export interface WorkloadRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** The kind, where a Rollout may name one of this group; the version does not matter here. */
export const workloadKindOf = ({ apiVersion, kind }: WorkloadRef): WorkloadKind | undefined =>
  isWorkloadKind(kind) && GROUPS[kind] === groupOf(apiVersion) ? kind : undefined;

/** What a workload gives to a Rollout, and how many pods it asks for. */
interface WorkloadFound {
  readonly template: unknown;
  readonly selector: unknown;
  readonly replicas?: number;
}

/** "absent": it does not exist; undefined: it is not known. */
export type WorkloadAnswer = WorkloadFound | "absent" | undefined;

export interface Workloads {
  /** The workload in the Rollout's namespace. */
  find(ref: WorkloadRef): WorkloadAnswer;
  /** Names of the Rollouts of the namespace that scale this Deployment down. */
  scaledBy(deployment: string): readonly string[];
}

const placeOf = (rollout: unknown): Place => at(root(rollout), "spec", "workloadRef");

/** Undefined for a Rollout with a template of its own. */
export function workloadRefOf(rollout: unknown): WorkloadRef | undefined {
  const place = placeOf(rollout);
  if (!present(place)) return undefined;
  const [apiVersion, kind, name] = ["apiVersion", "kind", "name"].map((member) => text(at(place, member)));
  return { apiVersion: apiVersion ?? "", kind: kind ?? "", name: name ?? "" };
}

/** Template and selector, for the rules that judge them. */
export function resolutionBy({ find }: Workloads, rollout: unknown): Resolution {
  const ref = workloadRefOf(rollout);
  const found = ref === undefined ? undefined : find(ref);
  if (found === undefined || found === "absent") return {};
  return { resolvedTemplate: found.template, resolvedSelector: found.selector };
}

/** A reference that can never be followed refuses; a workload may still come, and another Rollout of it may go. */
export function workloadFindings(rollout: unknown, workloads: Workloads | undefined): Findings {
  const ref = workloadRefOf(rollout);
  if (ref === undefined) return { refuse: [], warn: [] };
  const place = placeOf(rollout);
  const beside = templateBeside(at(root(rollout), "spec", "template"));
  const { refuse, warn } = referenceFindings(rollout, place, ref, workloads);
  return { refuse: [...beside.refuse, ...refuse], warn: [...beside.warn, ...warn] };
}

/**
 * A template of its own beside the reference: with labels or annotations the Rollout is held, whether the workload is
 * there or not; without them the template is ignored.
 */
function templateBeside(template: Place): Findings {
  const metadata = at(template, "metadata");
  if (count(at(metadata, "labels")) + count(at(metadata, "annotations")) > 0) {
    const detail = "must be empty beside spec.workloadRef, whose workload has the template: remove one of the two";
    return { refuse: [forbidden("template-beside-reference", template, detail)], warn: [] };
  }
  if (count(at(template, "spec", "containers")) === 0) return { refuse: [], warn: [] };
  const detail = "is ignored: the workload that spec.workloadRef names has the template";
  return { refuse: [], warn: [forbidden("template-beside-reference", template, detail)] };
}

function referenceFindings(
  rollout: unknown,
  place: Place,
  ref: WorkloadRef,
  workloads: Workloads | undefined,
): Findings {
  const kind = workloadKindOf(ref);
  if (kind === undefined) return { refuse: [unknownKind(place, ref)], warn: [] };
  // The reference's linter accepts it, but it can never work.
  if (ref.name === "") {
    const help = `Write the name of the ${ref.kind} whose pod template the Rollout takes`;
    return { refuse: [], warn: [helped(required("workload-name", at(place, "name")), help)] };
  }
  if (workloads === undefined) return { refuse: [], warn: [] };
  const missing = helped(
    invalid("workload-missing", at(place, "name"), `${ref.kind} "${ref.name}" not found`),
    "Create it in the Rollout's namespace, or correct the name; the Rollout waits for it",
  );
  return {
    refuse: [],
    warn: [
      ...(workloads.find(ref) === "absent" ? [missing] : []),
      ...shared(place, kind, text(at(root(rollout), "metadata", "name")), workloads),
      ...smaller(place, at(root(rollout), "spec", "replicas"), kind, workloads.find(ref)),
    ],
  };
}

function unknownKind(place: Place, { apiVersion, kind }: WorkloadRef): Violation {
  const supported = ["apps/v1 Deployment", "apps/v1 ReplicaSet", "v1 PodTemplate"];
  const found = notSupported("workload-kind", at(place, "kind"), supported, `${apiVersion} ${kind}`.trim());
  if (isWorkloadKind(kind)) {
    const right = supported.find((each) => each.endsWith(` ${kind}`))?.split(" ")[0];
    return helped(found, `The apiVersion of a ${kind} is ${right}, not ${JSON.stringify(apiVersion)}`);
  }
  return helped(found, found.help ?? "Other kinds, such as StatefulSet and DaemonSet, are not rolled out this way");
}

/** Whether the Rollout scales the workload down. */
const takesItsPlace = (place: Place, kind: WorkloadKind): boolean =>
  kind === "Deployment" && ["onsuccess", "progressively"].includes(text(at(place, "scaleDown")));

/**
 * With fewer pods than the Deployment that it replaces the service shrinks; without a number it has as many. How many
 * that are is not said: whoever may call the webhook may not be allowed to read the Deployment.
 */
function smaller(place: Place, size: Place, kind: WorkloadKind, find: WorkloadAnswer): readonly Violation[] {
  const asked = whole(size);
  const had = find === undefined || find === "absent" ? 0 : (find.replicas ?? 0);
  if (!takesItsPlace(place, kind) || asked === undefined || asked <= 0 || asked >= had) return [];
  const why = `Deployment "${text(at(place, "name"))}" has more, and is scaled down to 0 for these; leave replicas out to take over its size`;
  return [invalid("workload-size", size, why)];
}

function shared(place: Place, kind: WorkloadKind, own: string, { scaledBy }: Workloads): readonly Violation[] {
  if (!takesItsPlace(place, kind)) return [];
  return scaledBy(text(at(place, "name")))
    .filter((other) => other !== own)
    .slice(0, 1)
    .map((other) =>
      helped(
        invalid("workload-shared", at(place, "name"), `Rollout "${other}" scales this Deployment down, too`),
        "Set scaleDown: never in one of the two Rollouts, or name another Deployment",
      ),
    );
}
