/**
 * Meshes of the Service Mesh Interface (docs/behaviour/traffic.md#smi). A TrafficSplit of ours, named after the Rollout
 * unless the settings name it, divides the traffic of the root Service. It is deleted with the Rollout, or when that does
 * not route by it any more.
 */
import { equal } from "../../kube/object/equality.ts";
import { controllerReference, isControlledBy, isLeftTo, ownersWith } from "../../kube/object/ownerReference.ts";
import { ROLLOUT_KIND } from "../../schema/kinds.ts";
import type { CanaryStrategy, Rollout } from "../../schema/rollout.ts";
import type { TrafficRouting } from "../../schema/trafficRouting.ts";
import { ownRelease } from "./ownRelease.ts";
import { faulty, type Part, planOf } from "./plan.ts";
import {
  type ObjectRef,
  type RoutedObject,
  type RoutedResource,
  type Router,
  type RoutingInput,
  stableWeight,
} from "./router.ts";
import { type RouterSetting, type RouterSettings, textIn } from "./settings.ts";
import { always } from "./traits.ts";

type Smi = NonNullable<TrafficRouting["smi"]>;

interface Backend {
  readonly service: string;
  /** v1alpha1: a quantity, which the API server may show as a number. */
  readonly weight: string | number;
}

/** The members that we write; `matches` and the like belong to others. */
interface SplitSpec {
  readonly service: string;
  readonly backends: readonly Backend[];
}

const canaryOf = (rollout: Rollout): CanaryStrategy | undefined => rollout.spec.strategy?.canary;
const smiOf = (rollout: Rollout): Smi | undefined => canaryOf(rollout)?.trafficRouting?.smi;

export const TRAFFIC_SPLIT_VERSIONS = ["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"] as const;

/** The Service whose requests are divided. */
const rootOf = (rollout: Rollout): string => smiOf(rollout)?.rootService || (canaryOf(rollout)?.stableService ?? "");

const GROUP = "split.smi-spec.io";
const PLURAL = "trafficsplits";

const splitVersion: RouterSetting = {
  name: "trafficSplitVersion",
  flag: "traffic-split-api-version",
  kind: "text",
  value: "v1alpha1",
  help: `version of TrafficSplits (${GROUP})`,
  oneOf: TRAFFIC_SPLIT_VERSIONS,
};

export const smi: Router<"smi"> = {
  kind: "smi",
  title: "SMI",
  metrics: { label: "SMI", rank: 5 },
  abilities: { experimentWeights: true },
  needsServices: always,
  settings: [splitVersion],
  uses: [
    {
      group: GROUP,
      plural: PLURAL,
      verbs: ["get", "list", "watch", "create", "patch", "delete"],
      why: { verb: "divides", what: "traffic by a TrafficSplit of its own" },
    },
  ],
  resources: (settings) => [splits(settings)],
  reads: (rollout, settings) => [splitRef(rollout, settings)],
  // Clients outside of the mesh reach the pods of the root Service, whatever the weights are.
  entrances: (rollout) => [rootOf(rollout)],
  heeds: () => true,
  route: (input) => planOf([partOf(input)]),
  // Only a router of a Rollout makes a TrafficSplit that a Rollout controls.
  release: ownRelease(() => true),
};

const splits = (settings: RouterSettings): RoutedResource => ({
  kind: "TrafficSplit",
  group: GROUP,
  version: textIn(settings, splitVersion),
  plural: PLURAL,
});

const splitRef = (rollout: Rollout, settings: RouterSettings): ObjectRef => ({
  resource: splits(settings),
  namespace: rollout.metadata.namespace,
  name: smiOf(rollout)?.trafficSplitName || rollout.metadata.name,
});

function partOf(input: RoutingInput): Part {
  const { rollout, settings, object } = input;
  const ref = splitRef(rollout, settings);
  const wanted = splitSpec(input);
  const current = object(ref);
  if (current === undefined) return creation(rollout, ref, wanted);
  const owned = isControlledBy(current, rollout);
  if (!owned && !isLost(current, rollout, wanted)) return faulty(takenName(ref.name, rollout));
  const changed = patchOf(current, wanted);
  if (changed === undefined && owned) return {};
  const patch = {
    ...(owned ? {} : { metadata: { ownerReferences: ownersWith(current, ROLLOUT_KIND, rollout) } }),
    ...(changed === undefined ? {} : { spec: changed }),
  };
  const resourceVersion = current.metadata.resourceVersion ?? "";
  const failure = `error patching TrafficSplit \`${ref.name}\``;
  return { write: { kind: "patch", ref, resourceVersion, patch, failure } };
}

/** One that was ours, restored by a backup or left by an earlier Rollout of the same name: it divides what ours would. */
function isLost(split: RoutedObject, rollout: Rollout, wanted: SplitSpec): boolean {
  const { service, backends = [] } = (split.spec ?? {}) as Partial<SplitSpec>;
  const ours = new Set(wanted.backends.map((backend) => backend.service));
  const same = backends.length > 0 && backends.every((backend) => ours.has(backend.service));
  return isLeftTo(split, ROLLOUT_KIND, rollout) && service === wanted.service && same;
}

const takenName = (name: string, rollout: Rollout): string =>
  `Rollout does not own TrafficSplit \`${name}\`: Rollout \`${rollout.metadata.name}\` needs that name for its own; delete or rename the TrafficSplit, or set trafficSplitName`;

function creation(rollout: Rollout, ref: ObjectRef, spec: SplitSpec): Part {
  const { resource, namespace, name } = ref;
  const object = {
    apiVersion: `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: { name, namespace, ownerReferences: [controllerReference(ROLLOUT_KIND, rollout)] },
    spec,
  };
  const event = { type: "Normal", reason: "TrafficSplitCreated", message: `TrafficSplit \`${name}\` created` } as const;
  return { write: { kind: "create", ref, object, event, failure: `error creating TrafficSplit \`${name}\`` } };
}

function splitSpec({ rollout, traffic, settings }: RoutingInput): SplitSpec {
  const { stableService = "", canaryService = "" } = canaryOf(rollout) ?? {};
  const weights = [
    { serviceName: canaryService, weight: traffic.canaryWeight },
    ...traffic.additional,
    { serviceName: stableService, weight: stableWeight(traffic) },
  ];
  return {
    service: rootOf(rollout),
    backends: weights.map(({ serviceName, weight }) => ({
      service: serviceName,
      weight: textIn(settings, splitVersion) === "v1alpha1" ? String(weight) : weight,
    })),
  };
}

/** The members that differ; a weight as text equals the same one as a number. */
function patchOf({ spec }: RoutedObject, wanted: SplitSpec): Partial<SplitSpec> | undefined {
  const { service, backends = [] } = (spec ?? {}) as Partial<SplitSpec>;
  const numbered = (list: readonly Backend[]) =>
    list.map((backend) => ({ ...backend, weight: Number(backend.weight) }));
  const patch = {
    ...(service === wanted.service ? {} : { service: wanted.service }),
    ...(equal(numbered(backends), numbered(wanted.backends)) ? {} : { backends: wanted.backends }),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}
