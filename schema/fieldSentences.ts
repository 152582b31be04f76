/**
 * A sentence for each field of the five kinds, for `kubectl explain` and docs/fields. In the program only `sluice dev`
 * loads this: the sentences are put into the CRDs when manifests are made, and weigh nothing in the controller.
 */
import { analysisRunSentences, analysisTemplateSentences } from "./analysisSentences.ts";
import { crds, type Structural } from "./crd.ts";
import { experimentSentences } from "./experimentSentences.ts";
import { rolloutSentences } from "./rolloutSentences.ts";
import { rolloutStatusSentences } from "./rolloutStatusSentences.ts";
import { routerSentences } from "./routerSentences.ts";
import type { Sentences } from "./sentences.ts";
import { stepSentences } from "./stepSentences.ts";
import { strategySentences } from "./strategySentences.ts";

/** By kind. */
export const FIELD_SENTENCES: Readonly<Record<string, Sentences>> = {
  Rollout: {
    ...rolloutSentences,
    ...strategySentences,
    ...stepSentences,
    ...routerSentences,
    ...rolloutStatusSentences,
  },
  AnalysisTemplate: analysisTemplateSentences,
  ClusterAnalysisTemplate: analysisTemplateSentences,
  AnalysisRun: analysisRunSentences,
  Experiment: experimentSentences,
};

export interface Field {
  /** As `kubectl explain` writes it, without the kind. */
  readonly path: string;
  readonly node: Structural;
  readonly isRequired: boolean;
}

/** The API server says these itself. */
const OF_KUBERNETES: readonly string[] = ["apiVersion", "kind", "metadata"];

/** Below these, fields are Kubernetes' own: pod specs, and the specs of Jobs. */
const isForeign = (path: string): boolean => /(^|\.)template\.spec$|\.provider\.job\.spec$/.test(path);

/** The fields that are ours, each after the one that it is in. */
export const fieldsOf = (schema: Structural): readonly Field[] =>
  fieldsIn(schema, "").filter(({ path }) => !OF_KUBERNETES.includes(path));

function fieldsIn(schema: Structural, place: string): readonly Field[] {
  const { properties = {}, required = [] } = inside(schema);
  return Object.entries(properties).flatMap(([name, node]) => {
    const path = place === "" ? name : `${place}.${name}`;
    const field = { path, node, isRequired: required.includes(name) };
    return [field, ...(isForeign(path) ? [] : fieldsIn(node, path))];
  });
}

/** What lists and maps are of. */
function inside(schema: Structural): Structural {
  const within = schema.items ?? schema.additionalProperties;
  return within === undefined ? schema : inside(within);
}

/** The schema with the sentence of each field as its description, and nothing else changed. */
export function explained(schema: Structural, sentences: Sentences): Structural {
  const at = (node: Structural, place: string): Structural => ({
    ...node,
    ...(node.items && { items: at(node.items, place) }),
    ...(node.additionalProperties && { additionalProperties: at(node.additionalProperties, place) }),
    ...(node.properties && {
      properties: Object.fromEntries(
        Object.entries(node.properties).map(([name, child]) => {
          const path = place === "" ? name : `${place}.${name}`;
          const description = sentences[path];
          return [name, { ...(description !== undefined && { description }), ...at(child, path) }];
        }),
      ),
    }),
  });
  return at(schema, "");
}

/** The CRDs with the sentences of their fields. */
export const explainedCrds = () =>
  crds.map((crd) => {
    const sentences = FIELD_SENTENCES[crd.spec.names.kind] ?? {};
    const versions = crd.spec.versions.map((version) => ({
      ...version,
      schema: { openAPIV3Schema: explained(version.schema.openAPIV3Schema, sentences) },
    }));
    return { ...crd, spec: { ...crd.spec, versions } };
  });
