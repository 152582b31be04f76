/**
 * What a simulation begins with: the Rollout of some files with what it names, and made up what is not among them
 * (docs/cli/simulate.md#what-is-made-up). Pure.
 */
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { text } from "../../kube/validation/place.ts";
import { serviceReferences } from "../../controller/rules/rollout/references.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Manifest } from "../model/manifest.ts";
import { routed } from "./routedObjects.ts";

export interface Bundle {
  readonly rollout: Rollout;
  readonly namespace: string;
  /** To be created in this order; the Rollout is the last. */
  readonly objects: readonly Manifest[];
  /** What was made up: sentences. */
  readonly notes: readonly string[];
}

export type Gathered =
  | { readonly kind: "bundle"; readonly bundle: Bundle }
  /** A sentence. */
  | { readonly kind: "refused"; readonly problem: string };

const refused = (problem: string): Gathered => ({ kind: "refused", problem });

/** @param name which Rollout, where there are several */
export function gathered(given: readonly unknown[], name?: string): Gathered {
  const objects = given.filter(isManifest).map(bare);
  const rollouts = objects.filter(
    ({ kind, metadata }) => kind === "Rollout" && (name ?? metadata.name) === metadata.name,
  );
  const [first, ...others] = rollouts;
  if (first === undefined)
    return refused(
      name === undefined ? "no Rollout is among what was given" : `no Rollout "${name}" is among what was given`,
    );
  if (others.length > 0) {
    const names = rollouts.map(({ metadata }) => metadata.name).join(", ");
    return refused(`there are several Rollouts (${names}): say which by --rollout NAME`);
  }
  const namespace = first.metadata.namespace ?? "default";
  const beside = objects.filter(({ kind }) => kind !== "Rollout");
  const rollout = first as unknown as Rollout;
  const { workloadRef } = rollout.spec ?? {};
  const workload =
    workloadRef && beside.find(({ kind, metadata }) => kind === workloadRef.kind && metadata.name === workloadRef.name);
  if (workloadRef !== undefined && workload === undefined)
    return refused(
      `Rollout "${first.metadata.name}" takes its pods from ${workloadRef.kind} "${workloadRef.name}", which is not among what was given: add its file`,
    );
  const made = madeUp(rollout, beside, labelsOf(rollout, workload));
  return {
    kind: "bundle",
    bundle: {
      rollout,
      namespace,
      objects: [...[...beside, ...made.objects].toSorted(byOrder), first],
      notes: made.notes,
    },
  };
}

const isManifest = (given: unknown): given is Manifest =>
  isObject(given) &&
  typeof given["apiVersion"] === "string" &&
  typeof given["kind"] === "string" &&
  isObject(given["metadata"]) &&
  typeof given["metadata"]["name"] === "string";

/** As `kubectl get -o yaml` prints them, too: what a server has added is left out. */
function bare(given: Manifest): Manifest {
  const { status: _, ...manifest } = given;
  const { name, namespace, labels, annotations } = manifest.metadata;
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(isObject(labels) && { labels }),
    ...(isObject(annotations) && { annotations }),
  };
  return { ...manifest, apiVersion: manifest.apiVersion, kind: manifest.kind, metadata };
}

/** What others refer to comes first. */
const ORDER = [
  "CustomResourceDefinition",
  "Namespace",
  "Secret",
  "ConfigMap",
  "Service",
  "ClusterAnalysisTemplate",
  "AnalysisTemplate",
];
const rank = ({ kind }: Manifest): number => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
const byOrder = (a: Manifest, b: Manifest): number => rank(a) - rank(b);

/** By which Services find the pods. */
function labelsOf({ spec }: Rollout, workload: Manifest | undefined): Json {
  const own = spec?.selector?.matchLabels ?? spec?.template?.metadata?.labels;
  const { template } = (workload?.["spec"] ?? {}) as { readonly template?: { readonly metadata?: { labels?: Json } } };
  return (own as Json | undefined) ?? template?.metadata?.labels ?? {};
}

interface Made {
  readonly objects: readonly Manifest[];
  readonly notes: readonly string[];
}

function madeUp(rollout: Rollout, beside: readonly Manifest[], labels: Json): Made {
  const has = (kind: string, name: string): boolean =>
    beside.some((one) => one.kind === kind && one.metadata.name === name);
  const routing = routed(rollout);
  const services = new Set([...serviceReferences(rollout).map(text), ...routing.services]);
  const naming = [rollout.spec?.strategy, ...beside.filter(isTemplate)];
  const made = [
    ...[...services].map((name) =>
      manifest("v1", "Service", name, { spec: { selector: labels, ports: [{ port: 80 }] } }),
    ),
    ...routing.objects,
    ...templatesNamed(naming).map(madeUpTemplate),
    ...secretsNamed(naming).map(([name, keys]) =>
      manifest("v1", "Secret", name, { stringData: Object.fromEntries(keys.map((key) => [key, "made-up"])) }),
    ),
  ].filter(({ kind, metadata }) => !has(kind, metadata.name));
  return { objects: made, notes: notesOf(made) };
}

const manifest = (apiVersion: string, kind: string, name: string, content: Json): Manifest => ({
  ...content,
  apiVersion,
  kind,
  metadata: { name },
});

/** One sentence for all of them, and one for what a scenario may speak of. */
function notesOf(made: readonly Manifest[]): readonly string[] {
  if (made.length === 0) return [];
  const names = made.map(({ kind, metadata }) => `${kind} "${metadata.name}"`).join(", ");
  const metrics = made.filter(isTemplate).map(({ metadata }) => `"${metadata.name}"`);
  return [
    `Made up, because no file has it: ${names}`,
    ...(metrics.length === 0
      ? []
      : [`Made-up templates have one metric, which the scenario may speak of: ${metrics.join(", ")}`]),
  ];
}

const isTemplate = ({ kind }: Manifest): boolean => kind === "AnalysisTemplate" || kind === "ClusterAnalysisTemplate";

interface TemplateName {
  readonly name: string;
  readonly isOfCluster: boolean;
}

/** Every object within `value`. */
function* within(value: unknown): Generator<Json> {
  if (isList(value)) for (const each of value) yield* within(each);
  if (!isObject(value)) return;
  yield value;
  yield* within(Object.values(value));
}

function templatesNamed(value: unknown): readonly TemplateName[] {
  const found = new Map<string, TemplateName>();
  for (const { templateName: name, clusterScope } of within(value)) {
    if (typeof name === "string" && name !== "")
      found.set(`${String(clusterScope)}/${name}`, { name, isOfCluster: clusterScope === true });
  }
  return [...found.values()];
}

/** Of arguments: no pod is run, so that theirs need not be there. */
function secretsNamed(value: unknown): readonly (readonly [name: string, keys: readonly string[]])[] {
  const found = new Map<string, string[]>();
  for (const { valueFrom } of within(value)) {
    const reference = isObject(valueFrom) ? valueFrom["secretKeyRef"] : undefined;
    const [name, key] = isObject(reference) ? [reference["name"], reference["key"]] : [];
    if (typeof name === "string" && typeof key === "string") found.set(name, [...(found.get(name) ?? []), key]);
  }
  return [...found];
}

const madeUpTemplate = ({ name, isOfCluster }: TemplateName): Manifest =>
  manifest("argoproj.io/v1alpha1", isOfCluster ? "ClusterAnalysisTemplate" : "AnalysisTemplate", name, {
    spec: { metrics: [{ name, provider: { prometheus: { address: "http://made-up.invalid", query: "made_up" } } }] },
  });
