/**
 * Analysis templates in the cache: as long as some Rollout names one, all of them, since a template may include others
 * that no Rollout names.
 */
import { ANALYSIS_TEMPLATES, CLUSTER_ANALYSIS_TEMPLATES } from "../../../kube/client/resources.ts";
import { equal } from "../../../kube/object/equality.ts";
import type { Stored } from "../../../kube/runtime/cache.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import { heldBack, whyHeldBack } from "../../../kube/validation/size.ts";
import { at, isTrue, items, type Place, root, text } from "../../../kube/validation/place.ts";
import { violationText } from "../../../kube/validation/violation.ts";
import { type Resource, resourceName } from "../../../schema/kube.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { analysesOf, templateReferenceViolations } from "../../rules/analysis/templates.ts";
import { type Annotations, WORDS } from "../../rules/analysis/words.ts";
import type { KnownTemplates } from "../model/model.ts";
import { createOptionalStore, type OptionalKind, type OptionalStore } from "./optionalStore.ts";
import { createRoom, type Room } from "./room.ts";

interface RawTemplate extends Stored {
  readonly metadata: Stored["metadata"] & {
    readonly generation?: number | undefined;
    readonly annotations?: Annotations | undefined;
  };
  readonly spec?: unknown;
}

/** Only the spec is held, its number, and what annotations say about metrics. */
interface CachedTemplate extends Stored {
  readonly metadata: RawTemplate["metadata"];
  readonly spec: unknown;
}

type TemplateStore = OptionalStore<CachedTemplate, RawTemplate>;

export interface TemplateStores {
  readonly namespaced: TemplateStore;
  readonly cluster: TemplateStore;
}

export const createTemplateStores = (room: Room = createRoom()): TemplateStores => ({
  namespaced: createOptionalStore(templateKind(ANALYSIS_TEMPLATES, false), room),
  cluster: createOptionalStore(templateKind(CLUSTER_ANALYSIS_TEMPLATES, true), room),
});

/** All that are held, for the metrics; undefined: nothing runs yet. */
export const heldTemplates = (stores: TemplateStores | undefined): readonly CachedTemplate[] =>
  stores === undefined ? [] : [...stores.namespaced.objects.values(), ...stores.cluster.objects.values()];

interface Named {
  readonly name: string;
  readonly cluster: boolean;
}

/** No object has this name: the kind is needed, but none of it by name. */
const ANY = "*";

/** The templates that a Rollout names itself. */
const namedBy = (rollout: Rollout): readonly Named[] =>
  analysesOf(rollout).flatMap(({ analysis }) => items(at(analysis, "templates")).map(named));

/** The same of an Experiment. */
const namedByExperiment = (experiment: Experiment): readonly Named[] =>
  items(at(root(experiment), "spec", "analyses")).map(named);

const named = (reference: Place): Named => ({
  name: text(at(reference, "templateName")),
  cluster: isTrue(at(reference, "clusterScope")),
});

function keysOf(templates: readonly Named[], namespace: string, cluster: boolean): readonly string[] {
  // Templates of both kinds may include those of the other.
  if (templates.length > 0 && templates.every((each) => each.cluster !== cluster)) return [ANY];
  const own = templates.filter((each) => each.cluster === cluster);
  return [...new Set(own.map(({ name }) => (cluster ? name : `${namespace}/${name}`)))];
}

function templateKind(api: Resource, cluster: boolean): OptionalKind<CachedTemplate, RawTemplate> {
  return {
    api,
    resource: resourceName(api),
    isWhole: true,
    isClusterScoped: cluster,
    neededBy: (rollout) => keysOf(namedBy(rollout), rollout.metadata.namespace, cluster),
    neededByExperiment: (experiment) => keysOf(namedByExperiment(experiment), experiment.metadata.namespace, cluster),
    slim: ({ metadata: { name, namespace, uid, resourceVersion, generation, annotations }, spec }) => ({
      metadata: { name, namespace, uid, resourceVersion, generation, ...wordsIn(annotations) },
      spec: spec ?? {},
    }),
    restOf: ({ metadata }) => ({ metadata, spec: {} }),
    heeds: (old, next) =>
      !equal(old.spec, next.spec) ||
      old.metadata.generation !== next.metadata.generation ||
      !equal(old.metadata.annotations, next.metadata.annotations),
  };
}

function wordsIn(annotations: Annotations = {}): { readonly annotations?: Annotations } {
  const words = Object.entries(annotations).filter(([name]) => WORDS.includes(name));
  return words.length === 0 ? {} : { annotations: Object.fromEntries(words) };
}

/**
 * The templates that a Rollout may use; undefined: it names none; "waiting": they have not been read yet, and the
 * Rollout is queued once they have.
 */
export const templatesFor = (stores: TemplateStores, rollout: Rollout): KnownTemplates | "waiting" | undefined =>
  namedBy(rollout).length === 0 ? undefined : knownTemplates(stores, rollout.metadata.namespace);

/** The templates that something in a namespace may use, once they have been read. */
export function knownTemplates({ namespaced, cluster }: TemplateStores, namespace: string): KnownTemplates | "waiting" {
  if (isUnread(namespaced) || isUnread(cluster)) return "waiting";
  const keyIn = (name: string): string => `${namespace}/${name}`;
  const metadataOf = (template: Named): CachedTemplate["metadata"] | undefined =>
    (template.cluster ? cluster.objects.get(template.name) : namespaced.objects.get(keyIn(template.name)))?.metadata;
  return {
    namespaced: lookup(namespaced, keyIn),
    cluster: lookup(cluster, (name) => name),
    generationOf: (template) => metadataOf(template)?.generation,
    annotationsOf: (template) => metadataOf(template)?.annotations,
  };
}

const isUnread = ({ complete, refused }: TemplateStore): boolean => !complete && refused === undefined;

/** Of one that is not held, or that may not be read, the reason. */
const lookup = ({ objects, refused }: TemplateStore, keyIn: (name: string) => string): Lookup<unknown> => ({
  has: (name) => refused !== undefined || objects.get(keyIn(name)) !== undefined,
  get(name) {
    if (refused !== undefined) return heldBack({}, `not readable: ${refused}`);
    const found = objects.get(keyIn(name));
    const why = whyHeldBack(found);
    return why === undefined ? found?.spec : heldBack({}, why);
  },
});

/** What the templates and the Rollout contradict each other in; one that is missing may be on its way. */
export function templateProblem(rollout: Rollout, templates: KnownTemplates): string | undefined {
  const [violation] = templateReferenceViolations(rollout, templates).refuse;
  return violation === undefined ? undefined : violationText(violation);
}
