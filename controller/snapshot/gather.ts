/** From the caches to the facts about one Rollout. Synchronous, so that all of them are of the same instant. */
import type { Rollout } from "../../schema/rollout.ts";
import { podTemplateHash, stepHash } from "../hash/podHash.ts";
import { templateDigest } from "../hash/templateDigest.ts";
import { HASH_LABEL, type ReplicaSetFacts, type ServiceFacts, type Snapshot } from "../rollout/model.ts";
import { matchesSelector } from "../rollout/selector.ts";
import { INGRESSES } from "../../providers/traffic/ingress.ts";
import { routersOf } from "../../providers/traffic/routers.ts";
import { ingressFindings } from "../rules/ingress.ts";
import { routerViolations } from "../rules/routers.ts";
import { serviceViolations } from "../rules/references.ts";
import { rolloutViolations } from "../rules/rollout.ts";
import { unsupportedFeatures } from "../rules/support.ts";
import { violationText } from "../rules/violation.ts";
import { lookRouted, routedObjects, routingState } from "./routedObjects.ts";
import { orphansIn, servicesOf, type Stores } from "./stores.ts";

/** What follows from a spec alone, kept until the spec changes: hashing and checking it cost more than all the rest. */
interface SpecFacts {
  readonly uid: string;
  readonly generation: number;
  readonly collisionCount: number | undefined;
  readonly podHash: string;
  readonly stepHash: string;
  readonly templateDigest: string;
  readonly invalid: string | undefined;
}

export interface Gatherer {
  /** Facts about a Rollout; undefined when it is gone or being deleted. `key`: "namespace/name". */
  gather(key: string): Snapshot | undefined;
  forget(key: string): void;
}

export function createGatherer(stores: Stores): Gatherer {
  const known = new Map<string, SpecFacts>();
  return {
    gather(key) {
      const rollout = stores.rollouts.get(key);
      if (rollout === undefined || rollout.metadata.deletionTimestamp !== undefined) return undefined;
      const facts = specFacts(rollout, known.get(key));
      known.set(key, facts);
      // An object that it rests on has not been looked for yet: whoever looks puts the Rollout in line again.
      if (routedObjects(stores.routed, rollout).some(([, object]) => object.kind === "waiting")) return undefined;
      return snapshotOf(stores, rollout, facts);
    },
    forget: (key) => void known.delete(key),
  };
}

function specFacts(rollout: Rollout, old: SpecFacts | undefined): SpecFacts {
  const uid = rollout.metadata.uid ?? "";
  const generation = rollout.metadata.generation ?? 0;
  const collisionCount = rollout.status?.collisionCount;
  if (old?.uid === uid && old.generation === generation && old.collisionCount === collisionCount) return old;
  const { template, strategy } = rollout.spec;
  return {
    uid,
    generation,
    collisionCount,
    podHash: podTemplateHash(template, collisionCount),
    stepHash: strategy?.canary === undefined || strategy.blueGreen !== undefined ? "" : stepHash(strategy.canary.steps),
    templateDigest: templateDigest(template),
    invalid: specProblem(rollout),
  };
}

/** The first rule that a spec breaks, in the order of the reference, or the first feature that is not driven. */
function specProblem(rollout: Rollout): string | undefined {
  const [violation] = [...rolloutViolations(rollout), ...routerViolations(rollout)];
  if (violation !== undefined) return violationText(violation);
  const [missing] = unsupportedFeatures(rollout);
  return missing === undefined ? undefined : `${missing.path}: Forbidden: ${missing.reason}`;
}

function snapshotOf(stores: Stores, rollout: Rollout, facts: SpecFacts): Snapshot {
  const { namespace, uid = "" } = rollout.metadata;
  const { selector } = rollout.spec;
  const owned = stores.replicaSets.by("controller", uid).map((cached) => cached.facts);
  const loose = stores.replicaSets.by("controller", orphansIn(namespace)).map((cached) => cached.facts);
  const services = new Map<string, ServiceFacts>();
  for (const name of servicesOf(rollout)) {
    const service = stores.services.get(`${namespace}/${name}`);
    if (service !== undefined) services.set(name, service.facts);
  }
  const matches = (rs: ReplicaSetFacts): boolean => matchesSelector(selector, rs.labels);
  const { podHash, stepHash: steps, templateDigest: digest } = facts;
  const base = { rollout, services, podHash, stepHash: steps, templateDigest: digest, ...routingOf(stores, rollout) };
  const invalid = facts.invalid ?? serviceProblem(rollout, services) ?? ingressProblem(stores, rollout);
  // A Rollout that is not driven claims nothing either.
  if (invalid !== undefined) return { ...base, invalid, replicaSets: owned.toSorted(byAge), orphans: [], strays: [] };
  return {
    ...base,
    invalid,
    replicaSets: owned.filter(matches).toSorted(byAge),
    orphans: loose.filter((rs) => matches(rs) && !rs.deleting && rs.labels[HASH_LABEL] !== undefined),
    strays: owned.filter((rs) => !matches(rs) && !rs.deleting),
  };
}

function serviceProblem(rollout: Rollout, services: ReadonlyMap<string, ServiceFacts>): string | undefined {
  const [violation] = serviceViolations(rollout, services);
  return violation === undefined ? undefined : violationText(violation);
}

function routingOf({ routed }: Stores, rollout: Rollout): Pick<Snapshot, "routing"> {
  if (routersOf(rollout).length === 0) return {};
  return { routing: (traffic) => routingState(routed, rollout, traffic) };
}

/** Ingresses that are not there, or lead elsewhere, or that we may not see (validation.md §4.3). */
function ingressProblem({ routed }: Stores, rollout: Rollout): string | undefined {
  const { namespace } = rollout.metadata;
  const refused = routedObjects(routed, rollout)
    .map(([, object]) => object)
    .find(({ kind }) => kind === "refused");
  if (refused?.kind === "refused") return `spec.strategy.canary.trafficRouting: Forbidden: ${refused.why}`;
  const look = (name: string): unknown => {
    const known = lookRouted(routed, { resource: INGRESSES, namespace, name });
    return known.kind === "found" ? known.object : undefined;
  };
  const { refuse, warn } = ingressFindings(rollout, { get: look, has: (name) => look(name) !== undefined });
  const [violation] = [...warn, ...refuse];
  return violation === undefined ? undefined : violationText(violation);
}

const byAge = (a: ReplicaSetFacts, b: ReplicaSetFacts): number =>
  a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
