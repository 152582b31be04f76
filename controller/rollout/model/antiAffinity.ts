/**
 * Keeping a new revision's pods off the nodes of the stable ones: a term that names the stable hash is injected into
 * the ReplicaSet's template and rewritten when that hash changes (docs/behaviour/pod-metadata.md#anti-affinity). The
 * hash of the template ignores it.
 */
import type { AntiAffinity, Rollout } from "../../../schema/rollout.ts";
import { blueGreenOf, canaryOf } from "./defaults.ts";
import type { ReplicaSetFacts } from "./model.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";

/** JSON of the pod template's `spec.affinity`, as far as it is read here. */
type Json = Readonly<Record<string, unknown>>;

const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

function strategyOf(rollout: Rollout): AntiAffinity | undefined {
  const found = canaryOf(rollout)?.antiAffinity ?? blueGreenOf(rollout)?.antiAffinity;
  return found?.[PREFERRED] === undefined && found?.[REQUIRED] === undefined ? undefined : found;
}

/** The hash whose nodes pods of `hash` keep away from; undefined: no term. */
export function avoidedHash(rollout: Rollout, hash: string): string | undefined {
  const stable = rollout.status?.stableRS ?? "";
  return strategyOf(rollout) === undefined || stable === "" || stable === hash ? undefined : stable;
}

/** The fact that a ReplicaSet's pods keep away from a hash; empty without a hash. */
export const avoiding = (hash: string | undefined): Pick<ReplicaSetFacts, "antiAffinity"> =>
  hash === undefined ? {} : { antiAffinity: hash };

const record = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The hash in a term that was injected; undefined when the term is the user's own. */
function injectedHash(term: unknown): string | undefined {
  const selector = record(record(record(term)["podAffinityTerm"] ?? term)["labelSelector"]);
  const requirement = list(selector["matchExpressions"])
    .map(record)
    .find(({ key }) => key === HASH_LABEL);
  if (requirement === undefined) return undefined;
  const [hash] = list(requirement["values"]);
  return typeof hash === "string" ? hash : "";
}

const affinityOf = (template: unknown): Json => record(record(record(template)["spec"])["affinity"]);

/** Where the injected term of a template is. */
function find(
  template: unknown,
): { readonly member: string; readonly index: number; readonly hash: string } | undefined {
  const terms = record(affinityOf(template)["podAntiAffinity"]);
  for (const member of [PREFERRED, REQUIRED]) {
    const hashes = list(terms[member]).map(injectedHash);
    const index = hashes.findIndex((hash) => hash !== undefined);
    if (index >= 0) return { member, index, hash: hashes[index] ?? "" };
  }
  return undefined;
}

/** Which hash the pods of a ReplicaSet's template keep away from. */
export const injectedAntiAffinity = (template: unknown): string | undefined => find(template)?.hash;

const isEmpty = (map: Json): boolean => Object.keys(map).length === 0;

/** The map without a member, or with another value for it; undefined when nothing is left. */
function withMember(map: Json, member: string, value: unknown): Json | undefined {
  const { [member]: _, ...rest } = map;
  const next = value === undefined ? rest : { ...rest, [member]: value };
  return isEmpty(next) ? undefined : next;
}

/** The template as the Rollout has it; the same object when nothing was injected. */
export function withoutAntiAffinity<T>(template: T): T {
  const found = find(template);
  if (found === undefined) return template;
  const affinity = affinityOf(template);
  const terms = record(affinity["podAntiAffinity"]);
  const left = list(terms[found.member]).filter((_, index) => index !== found.index);
  const podAntiAffinity = withMember(terms, found.member, left.length === 0 ? undefined : left);
  const without = withMember(affinity, "podAntiAffinity", podAntiAffinity);
  const { affinity: _, ...spec } = record(record(template)["spec"]);
  return { ...template, spec: without === undefined ? spec : { ...spec, affinity: without } };
}

/** The affinity of a ReplicaSet of the Rollout's template whose pods keep away from `avoided`. */
export function replicaSetAffinity(rollout: Rollout, avoided: string | undefined): Json | undefined {
  const affinity = affinityOf(rollout.spec.template);
  const strategy = strategyOf(rollout);
  if (avoided === undefined || strategy === undefined) return isEmpty(affinity) ? undefined : affinity;
  const term = {
    labelSelector: { matchExpressions: [{ key: HASH_LABEL, operator: "In", values: [avoided] }] },
    namespaces: [rollout.metadata.namespace ?? "default"],
    topologyKey: "kubernetes.io/hostname",
  };
  const terms = record(affinity["podAntiAffinity"]);
  const preferred = strategy[PREFERRED];
  const [member, injected] =
    preferred === undefined ? [REQUIRED, term] : [PREFERRED, { weight: preferred.weight, podAffinityTerm: term }];
  return { ...affinity, podAntiAffinity: { ...terms, [member]: [...list(terms[member]), injected] } };
}

/**
 * The merge patch from what was injected before to what is to be now: members that exist only for the injected term are
 * removed with it.
 */
export function affinityPatch(rollout: Rollout, avoided: string | undefined): Json | null {
  const wanted = replicaSetAffinity(rollout, avoided);
  if (wanted === undefined) return null;
  const terms = wanted["podAntiAffinity"];
  if (terms === undefined) return { ...wanted, podAntiAffinity: null };
  return { ...wanted, podAntiAffinity: { [PREFERRED]: null, [REQUIRED]: null, ...record(terms) } };
}
