/** From the caches to the facts about one Rollout. Synchronous, so that all of them are of the same instant. */
import type { Rollout } from "../../../schema/rollout.ts";
import { readableTemplate, type ReadableTemplate } from "../hash/malformed.ts";
import { podTemplateHash, stepHash } from "../hash/podHash.ts";
import { templateDigest } from "../hash/templateDigest.ts";
import type { ReplicaSetFacts, ServiceFacts, Snapshot, WorkloadFacts } from "../model/model.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import type { Resource } from "../../../schema/kube.ts";
import { routersOf } from "../../../providers/traffic/routers.ts";
import { namedObjectFindings } from "../../rules/rollout/namedObjects.ts";
import { routerViolations } from "../../rules/rollout/trafficRouters.ts";
import { LIMITS } from "../../../kube/object/budget.ts";
import type { Resolution } from "../../rules/rollout/input.ts";
import { affordable, judgement } from "../../../kube/validation/judgement.ts";
import { serviceViolations } from "../../rules/rollout/references.ts";
import { firstRolloutViolation } from "../../rules/rollout/rollout.ts";
import { sizeViolations } from "../../../kube/validation/size.ts";
import { unsupportedFeatures } from "../../rules/rollout/support.ts";
import { textWithHelp, type Violation, violationText } from "../../../kube/validation/violation.ts";
import { kstatusOf } from "../status/kstatus.ts";
import { readRouted, refusalOf, routedObjects, routingState } from "./routedObjects.ts";
import type { RouterPluginFacts } from "../model/routerPlugins.ts";
import { resolve, type Resolved } from "./resolve.ts";
import { analysisRunFacts, rolloutExperimentFacts } from "./runFacts.ts";
import { routerPluginsOf, type RouterPluginsKnown } from "./routerPluginFacts.ts";
import { balancersOf, type BalancersKnown, type KnownBalancers } from "./balancerFacts.ts";
import { stepPluginsOf, type StepPluginsKnown } from "./stepPluginFacts.ts";
import { templateProblem, templatesFor } from "./templateStores.ts";
import { orphansIn, servicesOf, type Stores } from "./stores.ts";

/** What follows from a spec alone, kept until the spec changes: hashing and checking it cost more than all the rest. */
interface SpecFacts {
  /** Of the Rollout, and of the workload that it takes its template from. */
  readonly versions: string;
  /** What follows from the spec; or why it is too large or too costly. */
  readonly read: Read | Violation;
}

interface Read {
  readonly podHash: string;
  readonly stepHash: string;
  readonly templateDigest: string;
  readonly invalid: string | undefined;
  /** For a template with texts that are not quantities: the template that is driven instead. */
  readonly readable: ReadableTemplate<Template> | undefined;
}

type Template = Rollout["spec"]["template"];

export interface Gatherer {
  /**
   * Facts about a Rollout; undefined when it is gone or being deleted, or while it is not known yet whether its
   * workload exists. `key`: "namespace/name".
   */
  gather(key: string): Snapshot | undefined;
  /**
   * Computes what follows from the spec alone, unless that is known, so that `gather` need not: a caller can let others
   * have a turn between the two. Returns whether there was anything to compute.
   */
  prepare(key: string): boolean;
  forget(key: string): void;
}

/** @param kstatusForAll conditions for generic tools on every Rollout that does not decline them */
export function createGatherer(
  stores: Stores,
  kstatusForAll = false,
  plugins?: StepPluginsKnown,
  routerPlugins?: RouterPluginsKnown,
  balancers?: BalancersKnown,
): Gatherer {
  const known = new Map<string, SpecFacts>();
  const factsOf = (key: string, rollout: Rollout, resolved: Complete): SpecFacts => {
    const facts = specFacts(rollout, resolved, known.get(key));
    known.set(key, facts);
    return facts;
  };
  const current = (key: string): Rollout | undefined => {
    const rollout = stores.rollouts.get(key);
    return rollout?.metadata.deletionTimestamp === undefined ? rollout : undefined;
  };
  const find = (key: string, rollout: Rollout): Snapshot | undefined => {
    const [tooLarge] = sizeViolations(rollout);
    if (tooLarge !== undefined) return unresolvedSnapshot(stores, rollout, violationText(tooLarge));
    const resolved = resolve(stores.workloads, rollout);
    if (resolved.kind === "waiting") return undefined;
    if (resolved.kind === "broken")
      return { ...unresolvedSnapshot(stores, rollout, resolved.why), invalidByOthers: true };
    const { read } = factsOf(key, rollout, resolved);
    if ("rule" in read) return unresolvedSnapshot(stores, rollout, violationText(read));
    // An object that it depends on has not been read yet: the Rollout is queued again once it has.
    if (routedObjects(stores.routed, rollout).some(([, object]) => object.kind === "waiting")) return undefined;
    if (templatesFor(stores.templates, rollout) === "waiting") return undefined;
    const asked = stepPluginsOf(plugins, rollout);
    if (asked === "waiting") return undefined;
    const routing = routerPlugins?.of(rollout.metadata.uid ?? "", routerPluginsOf(rollout, stores.routed.routers));
    if (routing === "waiting") return undefined;
    const complete = { ...resolved, rollout: driven(resolved.rollout, read.readable) };
    const snapshot = affordable(rollout, LIMITS.snapshot, () => ({
      ...snapshotOf(stores, complete, read, { ...balancersOf(stores.routed, balancers, complete.rollout), routing }),
      ...asked,
    }));
    return "made" in snapshot ? snapshot.made : unresolvedSnapshot(stores, rollout, violationText(snapshot));
  };
  return {
    prepare(key) {
      const rollout = current(key);
      if (rollout === undefined || sizeViolations(rollout).length > 0) return false;
      const resolved = resolve(stores.workloads, rollout);
      if (resolved.kind !== "complete") return false;
      const before = known.get(key);
      return factsOf(key, rollout, resolved) !== before;
    },
    gather(key) {
      const rollout = current(key);
      const snapshot = rollout === undefined ? undefined : find(key, rollout);
      if (rollout === undefined || snapshot === undefined) return undefined;
      return { ...snapshot, ...kstatusOf(rollout, kstatusForAll) };
    },
    forget: (key) => void known.delete(key),
  };
}

type Complete = Extract<Resolved, { kind: "complete" }>;

/** `stored`: the Rollout as the API server has it. */
function specFacts(stored: Rollout, resolved: Complete, old: SpecFacts | undefined): SpecFacts {
  const { rollout, workload } = resolved;
  const { uid = "", generation = 0 } = rollout.metadata;
  const collisionCount = rollout.status?.collisionCount;
  const versions = [uid, generation, collisionCount, workload?.name, workloadVersion(workload)].join(" ");
  if (old?.versions === versions) return old;
  // Includes the workload's template, which may be too large as well.
  const read = judgement(rollout, LIMITS.facts, () => readSpec(stored, resolved));
  return { versions, read: "made" in read ? read.made : read };
}

function readSpec(stored: Rollout, { rollout, workload }: Complete): Read {
  const { selector, strategy } = rollout.spec;
  const collisionCount = rollout.status?.collisionCount;
  // The API server has validated the template of a workload.
  const readable = workload === undefined ? readableTemplate(rollout.spec.template) : undefined;
  const template = readable?.template ?? rollout.spec.template;
  return {
    podHash: podTemplateHash(template, collisionCount),
    stepHash: strategy?.canary === undefined || strategy.blueGreen !== undefined ? "" : stepHash(strategy.canary.steps),
    templateDigest: templateDigest(template),
    invalid: specProblem(
      driven(stored, readable),
      workload === undefined ? {} : { resolvedTemplate: template, resolvedSelector: selector },
    ),
    readable,
  };
}

const driven = (rollout: Rollout, readable: Read["readable"]): Rollout =>
  readable === undefined ? rollout : { ...rollout, spec: { ...rollout.spec, template: readable.template } };

/** Where changes of the spec are not counted, every new version may be one. */
const workloadVersion = (workload: WorkloadFacts | undefined): string =>
  workload === undefined || workload.generation === 0
    ? (workload?.resourceVersion ?? "")
    : `${workload.uid} ${workload.generation}`;

/**
 * The reference's text to the letter; only its "Internal error", which does not say what to do, has the help behind it
 * (docs/behaviour/validation.md#help).
 */
const conditionText = (violation: Violation): string =>
  violation.type === "InternalError" ? textWithHelp(violation) : violationText(violation);

/** The first rule that a spec breaks, in the order of the reference, or the first feature that is not supported. */
function specProblem(rollout: Rollout, resolution: Resolution): string | undefined {
  const violation = firstRolloutViolation(rollout, resolution) ?? routerViolations(rollout)[0];
  if (violation !== undefined) return conditionText(violation);
  const [missing] = unsupportedFeatures(rollout);
  return missing === undefined ? undefined : `${missing.path}: Forbidden: ${missing.reason}`;
}

const ownedBy = (stores: Stores, { metadata: { uid = "" } }: Rollout): ReplicaSetFacts[] =>
  stores.replicaSets
    .by("controller", uid)
    .map((cached) => cached.facts)
    .toSorted(byAge);

/** Without a template all that can be done is to report why. */
const unresolvedSnapshot = (stores: Stores, rollout: Rollout, invalid: string): Snapshot => ({
  rollout,
  invalid,
  services: new Map(),
  podHash: "",
  stepHash: "",
  templateDigest: "",
  replicaSets: ownedBy(stores, rollout),
  orphans: [],
  strays: [],
});

function snapshotOf(
  stores: Stores,
  { rollout, workload }: Complete,
  facts: Read,
  { routing, ...asked }: AskedRouters,
): Snapshot {
  const { namespace } = rollout.metadata;
  const { selector } = rollout.spec;
  const owned = ownedBy(stores, rollout);
  const loose = stores.replicaSets.by("controller", orphansIn(namespace)).map((cached) => cached.facts);
  const services = new Map<string, ServiceFacts>();
  for (const name of servicesOf(rollout)) {
    const service = stores.services.get(`${namespace}/${name}`);
    if (service !== undefined) services.set(name, service.facts);
  }
  const matches = (rs: ReplicaSetFacts): boolean => matchesSelector(selector, rs.labels);
  const { podHash, stepHash: steps, templateDigest: digest, readable } = facts;
  const base = {
    rollout,
    services,
    podHash,
    stepHash: steps,
    templateDigest: digest,
    ...(readable === undefined ? {} : { dropped: readable.dropped }),
    ...(workload === undefined ? {} : { workload }),
    ...asked,
    ...routingOf(stores, rollout, { ...asked, routing }),
    ...analysesOf(stores, rollout),
  };
  const invalid =
    facts.invalid ??
    serviceProblem(rollout, services) ??
    namedObjectProblem(stores, rollout) ??
    (base.templates === undefined ? undefined : templateProblem(rollout, base.templates));
  // A Rollout that is not driven claims nothing either.
  if (invalid !== undefined) {
    const byOthers = facts.invalid === undefined ? { invalidByOthers: true as const } : {};
    return { ...base, invalid, ...byOthers, replicaSets: owned, orphans: [], strays: [] };
  }
  return {
    ...base,
    invalid,
    replicaSets: owned.filter(matches),
    orphans: loose.filter((rs) => matches(rs) && !rs.deleting && rs.labels[HASH_LABEL] !== undefined),
    strays: owned.filter((rs) => !matches(rs) && !rs.deleting),
  };
}

function serviceProblem(rollout: Rollout, services: ReadonlyMap<string, ServiceFacts>): string | undefined {
  const [violation] = serviceViolations(rollout, services);
  return violation === undefined ? undefined : violationText(violation);
}

/** What routers have answered that are asked, and what has been found out about their load balancers. */
type AskedRouters = KnownBalancers & { readonly routing: RouterPluginFacts | undefined };

function routingOf(
  { routed }: Stores,
  rollout: Rollout,
  { balancers, routing: asked }: AskedRouters,
): Pick<Snapshot, "routing"> {
  if (routersOf(rollout, routed.routers).length === 0) return {};
  const answers = balancers?.answers;
  // The status of a pass may be ahead of the stored one.
  return {
    routing: (traffic, status = rollout.status) =>
      routingState(routed, { ...rollout, ...(status && { status }) }, traffic, { answers, asked }),
  };
}

/** Its runs and Experiments, and the templates that it may make more of. */
function analysesOf(stores: Stores, rollout: Rollout): Pick<Snapshot, "analysisRuns" | "experiments" | "templates"> {
  const { uid = "" } = rollout.metadata;
  const runs = stores.analysisRuns.by("owner", uid).map(analysisRunFacts);
  const experiments = stores.experiments.by("owner", uid).map(rolloutExperimentFacts);
  const templates = templatesFor(stores.templates, rollout);
  return {
    ...(runs.length === 0 ? {} : { analysisRuns: runs }),
    ...(experiments.length === 0 ? {} : { experiments }),
    ...(templates === undefined || templates === "waiting" ? {} : { templates }),
  };
}

/**
 * Objects that do not exist, that route elsewhere, or that we may not read (docs/behaviour/validation.md#ingresses).
 */
function namedObjectProblem({ routed }: Stores, rollout: Rollout): string | undefined {
  const { namespace } = rollout.metadata;
  const refused = refusalOf(routed, rollout);
  if (refused !== undefined) return `spec.strategy.canary.trafficRouting: Forbidden: ${refused}`;
  // An abort goes on through the other objects; the router whose object it is tells the fault.
  if (rollout.status?.abort === true) return undefined;
  const objectsOf = (resource: Resource): Lookup<unknown> => {
    const placeOf = routed.routers.find((router) => router.named?.resource.plural === resource.plural)?.named?.placeOf;
    const find = (name: string): unknown => {
      const known = readRouted(routed, { resource, ...(placeOf?.(name, namespace) ?? { namespace, name }) });
      return known.kind === "found" ? known.object : undefined;
    };
    return { get: find, has: (name) => find(name) !== undefined };
  };
  const [violation] = namedObjectFindings(rollout, objectsOf, routed.routers).flatMap(({ refuse, warn }) => [
    ...warn,
    ...refuse,
  ]);
  return violation === undefined ? undefined : violationText(violation);
}

const byAge = (a: ReplicaSetFacts, b: ReplicaSetFacts): number =>
  a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
