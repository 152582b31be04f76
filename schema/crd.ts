/**
 * The CustomResourceDefinitions, made from the schemas. A walk of our own rather than a JSON-schema library with a
 * rewriting pass: the API server takes only structural schemas (a type at every node, no $ref, none of the forms that
 * unions and strict objects turn into), and the schemas use a dozen valibot types, so the walk is the shorter text.
 */
import type * as v from "valibot";
import { AnalysisRun, AnalysisTemplate, ClusterAnalysisTemplate } from "./analysis.ts";
import { Experiment } from "./experiment.ts";
import { Rollout } from "./rollout.ts";
import { type Marks, marksOf, object, optional, string } from "./scalars.ts";

/** An OpenAPI v3 schema of the structural kind. */
export type Structural = Omit<Marks, "structure" | "duration"> & {
  readonly type?: string;
  /** Only manifests have them (schema/fieldSentences.ts). */
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly required?: readonly string[];
  readonly items?: Structural;
  readonly additionalProperties?: Structural;
};

type Column = {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  /** Above 0: shown by `-o wide` alone. */
  readonly priority?: number;
  /** By default the API server says the path. */
  readonly description?: string;
};

type Kind = {
  readonly schema: { readonly entries: v.ObjectEntries };
  readonly kind: string;
  readonly shortName: string;
  readonly scope: "Namespaced" | "Cluster";
  readonly description: string;
  readonly columns: readonly Column[];
  readonly subresources: Readonly<Record<string, unknown>>;
};

/** Every schema that the walk meets is one of these types; another one throws. */
type Node =
  | v.StringSchema<undefined>
  | v.NumberSchema<undefined>
  | v.BooleanSchema<undefined>
  | v.UnknownSchema
  | v.CustomSchema<unknown, undefined>
  | v.PicklistSchema<readonly string[], undefined>
  | v.UnionSchema<[v.GenericSchema], undefined>
  | v.ArraySchema<v.GenericSchema, undefined>
  | v.RecordSchema<v.GenericSchema<string, string>, v.GenericSchema, undefined>
  | v.LooseObjectSchema<v.ObjectEntries, undefined>
  | v.OptionalSchema<v.GenericSchema, undefined>;

/** What the API server is to check of one schema: its marks as they are, and the shape that follows from its type. */
function structural(schema: v.GenericSchema): Structural {
  const { structure, duration: _, ...marks } = marksOf(schema);
  return { ...marks, ...shape(schema as Node, structure) };
}

function shape(node: Node, structure: v.GenericSchema | undefined): Structural {
  switch (node.type) {
    case "string":
    case "boolean":
      return { type: node.type };
    case "number":
      return { type: "integer" };
    case "picklist":
      return { type: "string", enum: node.options };
    case "unknown":
    case "union": // the only union is int-or-string, which its mark describes; a type beside it would be refused
      return {};
    case "custom":
      return structure === undefined ? { type: "object" } : structural(structure);
    case "array":
      return { type: "array", items: structural(node.item) };
    case "record":
      return { type: "object", additionalProperties: structural(node.value) };
    case "loose_object":
      return properties(node.entries);
    case "optional":
      return structural(node.wrapped);
    default:
      throw new Error(`Cannot describe a valibot schema of type "${(node satisfies never as v.GenericSchema).type}"`);
  }
}

function properties(entries: v.ObjectEntries): Structural {
  const names = Object.keys(entries);
  const required = names.filter((name) => entries[name]?.type !== "optional");
  return {
    type: "object",
    ...(names.length > 0 && {
      properties: Object.fromEntries(
        Object.entries(entries).map(([name, entry]) => [name, structural(entry as v.GenericSchema)]),
      ),
    }),
    ...(required.length > 0 && { required }),
  };
}

const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
const phase: Column = { name: "Status", type: "string", jsonPath: ".status.phase" };

/** Behind the reference's columns, so that scripts which count those go on (docs/behaviour/objects.md#columns). */
const progress: readonly Column[] = [
  { name: "Phase", type: "string", jsonPath: ".status.phase", description: "Healthy, Progressing, Paused or Degraded" },
  {
    name: "Step",
    type: "integer",
    jsonPath: ".status.currentStepIndex",
    priority: 1,
    description: "How many of the canary's steps are done",
  },
  {
    name: "Weight",
    type: "integer",
    jsonPath: ".status.canary.weights.canary.weight",
    priority: 1,
    description: "Weight of the canary at the traffic router",
  },
  {
    name: "Message",
    type: "string",
    jsonPath: ".status.message",
    priority: 1,
    description: "What the Rollout waits for, or why it is degraded",
  },
];

/**
 * Names, columns and subresources as in the reference (docs/behaviour/objects.md#kinds), and four columns more of a
 * Rollout: only Rollouts have a status subresource.
 */
const kinds: readonly Kind[] = [
  {
    schema: Rollout,
    kind: "Rollout",
    shortName: "ro",
    scope: "Namespaced",
    description: "Pods that are brought from one revision to the next step by step.",
    columns: [
      { name: "Desired", type: "integer", jsonPath: ".spec.replicas" },
      { name: "Current", type: "integer", jsonPath: ".status.replicas" },
      { name: "Up-to-date", type: "integer", jsonPath: ".status.updatedReplicas" },
      { name: "Available", type: "integer", jsonPath: ".status.availableReplicas" },
      age,
      ...progress,
    ],
    subresources: {
      scale: {
        specReplicasPath: ".spec.replicas",
        statusReplicasPath: ".status.HPAReplicas",
        labelSelectorPath: ".status.selector",
      },
      status: {},
    },
  },
  {
    schema: AnalysisTemplate,
    kind: "AnalysisTemplate",
    shortName: "at",
    scope: "Namespaced",
    description: "What to measure, and what counts as success.",
    columns: [age],
    subresources: {},
  },
  {
    schema: ClusterAnalysisTemplate,
    kind: "ClusterAnalysisTemplate",
    shortName: "cat",
    scope: "Cluster",
    description: "An AnalysisTemplate for every namespace.",
    columns: [age],
    subresources: {},
  },
  {
    schema: AnalysisRun,
    kind: "AnalysisRun",
    shortName: "ar",
    scope: "Namespaced",
    description: "Measurements being taken, and their verdict.",
    columns: [phase, age],
    subresources: {},
  },
  {
    schema: Experiment,
    kind: "Experiment",
    shortName: "exp",
    scope: "Namespaced",
    description: "Pods that run side by side for a while, to be compared.",
    columns: [phase, age],
    subresources: {},
  },
];

/** The CustomResourceDefinitions, in the order of the kinds above. */
export const crds = kinds.map(manifest);

function manifest({ schema, kind, shortName, scope, description, columns, subresources }: Kind) {
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.argoproj.io` },
    spec: {
      group: "argoproj.io",
      names: { kind, listKind: `${kind}List`, plural, shortNames: [shortName], singular },
      scope,
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: { description, ...root(schema) } },
          subresources,
        },
      ],
    },
  };
}

/** The API server itself knows what `apiVersion`, `kind` and `metadata` look like; it wants just their types here. */
function root({ entries: { spec, status } }: Kind["schema"]): Structural {
  return properties({
    ...optional({ apiVersion: string, kind: string, metadata: object({}) }),
    ...(spec && { spec }),
    ...(status && { status }),
  });
}
