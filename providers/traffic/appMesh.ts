/**
 * AWS App Mesh (docs/behaviour/traffic.md#app-mesh): weights of the targets in the VirtualRouter of a VirtualService, and
 * which pods the VirtualNodes of stable and canary select. All of them are the user's.
 */
import { at, present, root, text } from "../../kube/validation/place.ts";
import { helped, required } from "../../kube/validation/violation.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { divides, faultOf, routesPatch } from "./appMeshRoutes.ts";
import { nodeRelease, nodeWrite } from "./appMeshNodes.ts";
import { type Fault, faulty, type Part, planOf, relying } from "./plan.ts";
import type { ObjectRef, Release, ResourceUse, RoutedObject, RoutedResource, Router, RoutingInput } from "./router.ts";
import { type RouterSetting, type RouterSettings, textIn } from "./settings.ts";
import { markedPatch, outOfHundred, type Split, splitRelease, wantedWeights } from "./splitMarks.ts";
import { always } from "./traits.ts";

const GROUP = "appmesh.k8s.aws";

const crdVersion: RouterSetting = {
  name: "appMeshCrdVersion",
  flag: "appmesh-crd-version",
  kind: "text",
  value: "v1beta2",
  help: `version of App Mesh's kinds (${GROUP})`,
};

const use = (plural: string, verbs: ResourceUse["verbs"], verb: string, what: string): ResourceUse => ({
  group: GROUP,
  plural,
  verbs,
  why: { verb, what },
});

const ofRouters = splitRelease(({ namespace }, object, weights) => routesPatch(object, namespace, undefined, weights));

const release: Release = {
  holders: ofRouters.holders,
  plan: (ref, object, gone) =>
    ref.resource.plural === "virtualnodes" ? nodeRelease(ref, object, gone) : ofRouters.plan(ref, object, gone),
};

export const appMesh: Router<"appMesh"> = {
  kind: "appMesh",
  title: "App Mesh",
  metrics: { label: "AppMesh", rank: 6 },
  abilities: {},
  needsServices: always,
  violations: (settings) => {
    const service = at(settings, "virtualService");
    if (!present(settings)) return [];
    if (!present(service)) {
      const help = "Name your VirtualService: virtualService: {name: NAME}";
      return [helped(required("router-names", service, "must provide virtual-service"), help)];
    }
    const group = at(settings, "virtualNodeGroup");
    const nodes = ["stableVirtualNodeRef", "canaryVirtualNodeRef"].map((role) => text(at(group, role, "name")));
    if (nodes.every((name) => name !== "")) return [];
    const help = "Name two: {stableVirtualNodeRef: {name: NAME}, canaryVirtualNodeRef: {name: NAME}}";
    return [helped(required("router-names", group, "must name the VirtualNodes of stable and canary"), help)];
  },
  settings: [crdVersion],
  uses: [
    use("virtualservices", ["get", "list", "watch"], "reads", "which VirtualRouter your VirtualService has"),
    use("virtualrouters", ["get", "list", "watch", "patch"], "writes", "weights into your VirtualRouter"),
    use("virtualnodes", ["get", "list", "watch", "patch"], "writes", "which pods your VirtualNodes select"),
  ],
  resources: (settings) => [services(settings), routers(settings), nodes(settings)],
  reads,
  readsFurther: (input) => [routerRef(input) ?? []].flat(),
  heeds: () => true,
  route: (input) => planOf(partsOf(input)),
  release,
};

const kindOf = (kind: string, plural: string, settings: RouterSettings): RoutedResource => ({
  kind,
  group: GROUP,
  version: textIn(settings, crdVersion),
  plural,
});
const services = (settings: RouterSettings): RoutedResource => kindOf("VirtualService", "virtualservices", settings);
const nodes = (settings: RouterSettings): RoutedResource => kindOf("VirtualNode", "virtualnodes", settings);
const routers = (settings: RouterSettings): RoutedResource => ({
  ...kindOf("VirtualRouter", "virtualrouters", settings),
  isWhole: true,
});

const meshOf = ({ spec }: Rollout) => spec.strategy?.canary?.trafficRouting?.appMesh;

/** Names of the two VirtualNodes, "" where the settings name none. */
function nodesOf(rollout: Rollout): Split {
  const { stableVirtualNodeRef, canaryVirtualNodeRef } = meshOf(rollout)?.virtualNodeGroup ?? {};
  return { stable: stableVirtualNodeRef?.name ?? "", canary: canaryVirtualNodeRef?.name ?? "" };
}

function reads(rollout: Rollout, settings: RouterSettings): readonly ObjectRef[] {
  const { namespace } = rollout.metadata;
  const { stable, canary } = nodesOf(rollout);
  return [
    { resource: services(settings), namespace, name: meshOf(rollout)?.virtualService?.name ?? "" },
    { resource: routers(settings), namespace, name: "" },
    { resource: nodes(settings), namespace, name: stable },
    { resource: nodes(settings), namespace, name: canary },
  ];
}

/** The VirtualRouter that provides the VirtualService, whether it exists or not. */
function routerRef({ rollout, settings, object }: Omit<RoutingInput, "traffic">): ObjectRef | undefined {
  const [service] = reads(rollout, settings);
  const found = service === undefined ? undefined : object(service);
  if (found === undefined) return undefined;
  const ref = at(root(found.spec), "provider", "virtualRouter", "virtualRouterRef");
  const name = text(at(ref, "name"));
  const namespace = text(at(ref, "namespace")) || rollout.metadata.namespace;
  return name === "" ? undefined : { resource: routers(settings), namespace, name };
}

/**
 * Who gets requests has its pods before them, and loses them after: the canary's VirtualNode is written before the weights
 * and stable's after them, which may have selected all pods; and the other way round where the canary gets nothing.
 */
function partsOf(input: RoutingInput): readonly Part[] {
  const { stable, canary } = nodesOf(input.rollout);
  if (stable === "" || canary === "" || stable === canary)
    return [faulty("appMesh.virtualNodeGroup does not name two VirtualNodes")];
  const [stableNode, canaryNode] = [nodePart(input, "stable"), nodePart(input, "canary")];
  const weights = weightPart(input);
  return input.traffic.canaryWeight === 0
    ? [stableNode, relying(weights), relying(canaryNode)]
    : [canaryNode, relying(weights), relying(stableNode)];
}

const missing = (what: string, reason: NonNullable<Fault["event"]>["reason"], message: string): Part => ({
  fault: { message: `${what}: ${message}`, missing: true, event: { type: "Warning", reason, message } },
});

function nodePart(input: RoutingInput, role: "stable" | "canary"): Part {
  const { rollout, settings, object } = input;
  const { namespace } = rollout.metadata;
  const split = nodesOf(rollout);
  const ref = { resource: nodes(settings), namespace, name: split[role] };
  const node = object(ref);
  const message = `VirtualNode \`${ref.name}\` not found in namespace \`${namespace}\``;
  if (node === undefined) return missing("Virtual-node is missing", "VirtualNodeNotFound", message);
  const write = nodeWrite(input, ref, node, split);
  return write === undefined ? {} : { write };
}

function weightPart(input: RoutingInput): Part {
  const { rollout, settings, object } = input;
  const { namespace } = rollout.metadata;
  const { name = "", routes } = meshOf(rollout)?.virtualService ?? {};
  const [service] = reads(rollout, settings);
  if (service === undefined || object(service) === undefined) {
    const message = `VirtualService \`${name}\` not found in namespace \`${namespace}\``;
    return missing("Virtual-service is missing", "VirtualServiceNotFound", message);
  }
  const ref = routerRef(input);
  if (ref === undefined)
    return faulty(`Virtual-service is not associated with virtual-router: VirtualService \`${name}\``);
  const router = object(ref);
  if (router === undefined) {
    const message = `VirtualRouter for \`${name}\` not found in namespace \`${ref.namespace}\``;
    return missing("Virtual-router is missing", "VirtualRouterNotFound", message);
  }
  const split = nodesOf(rollout);
  const fault = faultOf(router, namespace, routes ?? [], split);
  const write = weightWrite(input, ref, router, routes ?? []);
  return { ...(write === undefined ? {} : { write }), ...(fault === undefined ? {} : faulty(fault)) };
}

function weightWrite(
  input: RoutingInput,
  ref: ObjectRef,
  router: RoutedObject,
  routes: readonly string[],
): Part["write"] {
  const { namespace } = input.rollout.metadata;
  const split = nodesOf(input.rollout);
  const traffic = outOfHundred(input.traffic);
  const own = { ...input, traffic };
  const filter = routes.length === 0 ? undefined : new Set(routes);
  const spec = routesPatch(router, namespace, filter, wantedWeights(own, split, router));
  // A mark holds for Rollouts of the object's namespace alone, and where there is something to divide.
  const isMarked =
    ref.namespace === namespace && (traffic.canaryWeight === 0 || divides(router, namespace, filter, split));
  const patch = isMarked ? markedPatch(own, split, router, spec) : spec === undefined ? undefined : { spec };
  if (patch === undefined) return undefined;
  const resourceVersion = router.metadata.resourceVersion ?? "";
  return { kind: "patch", ref, resourceVersion, patch, failure: `error updating VirtualRouter \`${ref.name}\`` };
}
