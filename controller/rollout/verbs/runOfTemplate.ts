/** `create analysisrun`: an AnalysisRun of one template, which belongs to nobody's update. */
import { isList, isObject, type Json } from "../../../kube/object/json.ts";
import { INSTANCE_LABEL } from "../../../schema/labels.ts";
import { notResolved } from "../../rules/analysis/merging.ts";

export interface RunWanted {
  /** Values by name, in the order in which they were given. */
  readonly args: readonly { readonly name: string; readonly value: string }[];
  /** Undefined: the API server makes one. */
  readonly name: string | undefined;
  /** What a name that the API server makes begins with; undefined: the template's name and a hyphen. */
  readonly generateName: string | undefined;
  readonly namespace: string;
  /** Becomes the only label. */
  readonly instanceId: string | undefined;
}

export type RunOutcome =
  | { readonly kind: "run"; readonly run: Json }
  /** Why there can be none: a sentence, in the reference's words where it has some. */
  | { readonly kind: "impossible"; readonly why: string };

/** Given by the API server, which would refuse or replace it. */
const OF_SERVER = new Set([
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "managedFields",
  "selfLink",
  "name",
  "generateName",
]);

/**
 * The template with another kind and name: its labels and annotations, and all of its spec. Templates that it includes
 * are not expanded, as in the plugin.
 *
 * @param template an AnalysisTemplate or a ClusterAnalysisTemplate
 */
export function runOfTemplate(template: Json, wanted: RunWanted): RunOutcome {
  const { metadata = {}, spec = {} } = template;
  const given = isObject(metadata) ? metadata : {};
  const { name: ofTemplate } = given;
  const { name, generateName = `${typeof ofTemplate === "string" ? ofTemplate : ""}-` } = wanted;
  if (name === undefined && generateName === "-") return { kind: "impossible", why: "name is invalid" };
  const args = mergedArgs(isObject(spec) ? spec["args"] : undefined, wanted.args);
  const open = args.find(({ value, valueFrom }) => value === undefined && valueFrom === undefined);
  if (open !== undefined) return { kind: "impossible", why: notResolved(String(open["name"])) };
  const kept = Object.fromEntries(Object.entries(given).filter(([member]) => !OF_SERVER.has(member)));
  const { instanceId, namespace } = wanted;
  return {
    kind: "run",
    run: {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: {
        ...kept,
        ...(name === undefined ? { generateName } : { name }),
        namespace,
        ...(instanceId === undefined ? {} : { labels: { [INSTANCE_LABEL]: instanceId } }),
      },
      spec: { ...(isObject(spec) ? spec : {}), ...(args.length === 0 ? {} : { args }) },
    },
  };
}

/** A template that names arguments gets no others; one that names none gets what is given. */
function mergedArgs(ofTemplate: unknown, given: RunWanted["args"]): readonly Json[] {
  if (!isList(ofTemplate)) return given.map((argument) => ({ ...argument }));
  return ofTemplate.filter(isObject).map((argument) => {
    const found = given.findLast(({ name }) => name === argument["name"]);
    return found === undefined ? argument : { ...argument, value: found.value };
  });
}
