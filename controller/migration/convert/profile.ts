/**
 * Profiles: the strategy that a converted Deployment gets, by name (docs/convert.md#profiles). Pure: who calls gives what
 * the file or the ConfigMap holds, parsed.
 */
import { isList, isObject, type Json } from "../../../kube/object/json.ts";
import { textWithHelp } from "../../../kube/validation/violation.ts";
import { admissionFindings } from "../../rules/admission/admissionFindings.ts";
import { RolloutStrategy } from "../../../schema/rollout.ts";
import { typeProblems } from "../../../schema/typeProblems.ts";
import { objectAt } from "./objects.ts";
import { messageOf } from "../../../kube/object/errors.ts";

export interface Profile {
  readonly name: string;
  /** `spec.strategy` of a Rollout; `$(name)` in a text stands for the name of the Deployment. */
  readonly strategy: Json;
}

export type ReadProfiles =
  | { readonly kind: "profiles"; readonly profiles: readonly Profile[] }
  /** Whole sentences. */
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/**
 * What a Deployment gets when nobody says anything else (docs/convert.md#the-profile-that-is-built-in).
 */
export const CANARY: Profile = {
  name: "canary",
  strategy: {
    canary: {
      steps: [{ setWeight: 10 }, { pause: { duration: "5m" } }, { setWeight: 50 }, { pause: { duration: "5m" } }],
    },
  },
};

const PLACEHOLDER = "$(name)";

/** The strategy for the Deployment of this name. */
export const strategyFor = ({ strategy }: Profile, name: string): Json => named(strategy, name) as Json;

function named(value: unknown, name: string): unknown {
  if (typeof value === "string") return value.replaceAll(PLACEHOLDER, () => name);
  if (isList(value)) return value.map((item) => named(item, name));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, named(inner, name)]));
}

const isStrategy = (value: unknown): value is Json => isObject(value) && ("canary" in value || "blueGreen" in value);

/**
 * Profiles of a file. It is a ConfigMap, whose keys are the names and whose values are strategies as text; an object of
 * strategies by name; or one strategy, which is called `alone`.
 * @param parse parses a value of the ConfigMap; throws Error with the reason
 */
export function profilesOf(content: unknown, alone: string, parse: (text: string) => unknown): ReadProfiles {
  if (isStrategy(content)) return judged([[alone, content]]);
  if (!isObject(content)) return refusedFor("it is neither a ConfigMap, nor a strategy, nor strategies by their names");
  if (content["kind"] !== "ConfigMap") return judged(Object.entries(content));
  const entries: (readonly [string, unknown])[] = [];
  for (const [name, text] of Object.entries(objectAt(content, "data"))) {
    try {
      entries.push([name, parse(typeof text === "string" ? text : "")]);
    } catch (error) {
      return refusedFor(`profile "${name}": ${messageOf(error)}`);
    }
  }
  return judged(entries);
}

const refusedFor = (problem: string): ReadProfiles => ({ kind: "refused", problems: [problem] });

function judged(entries: readonly (readonly [string, unknown])[]): ReadProfiles {
  if (entries.length === 0) return refusedFor("it has no profile");
  const profiles: Profile[] = [];
  const problems: string[] = [];
  for (const [name, strategy] of entries) {
    const wrong = isStrategy(strategy)
      ? problemsOf(strategy)
      : [`it needs canary or blueGreen, as spec.strategy of a Rollout has it`];
    problems.push(...wrong.map((problem) => `profile "${name}": ${problem}`));
    if (isStrategy(strategy)) profiles.push({ name, strategy });
  }
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "profiles", profiles };
}

/**
 * As the API server and admission would refuse it in a Rollout about which everything else is right. The types come
 * first: admission reads objects whose types the API server has checked.
 */
function problemsOf(strategy: Json): readonly string[] {
  const types = typeProblems(RolloutStrategy, strategy, "spec.strategy");
  if (types.length > 0) return types;
  const labels = { app: "web" };
  const rollout = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web" },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web" }] } },
      strategy: strategyFor({ name: "", strategy }, "web"),
    },
  };
  return admissionFindings(rollout, "Rollout", { strict: true }).refuse.map(textWithHelp);
}
