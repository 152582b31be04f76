/** Which templates an analysis consists of: those that it names and those that they include. */
import { spend, spendBytes } from "../../../kube/object/budget.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import { whyHeldBack } from "../../../kube/validation/size.ts";
import type { Annotations } from "./words.ts";
import { at, isTrue, items, type Place, root, text } from "../../../kube/validation/place.ts";

/** Specs of templates by name: those of one namespace, and those of the cluster. */
export interface Templates {
  readonly namespaced: Lookup<unknown>;
  readonly cluster: Lookup<unknown>;
  /** Those that say something about metrics (controller/rules/analysis/words.ts). */
  readonly annotationsOf?: (template: Pick<Template, "cluster" | "name">) => Annotations | undefined;
}

export interface Template {
  readonly name: string;
  /** `AnalysisTemplate 'name'` or `ClusterAnalysisTemplate 'name'`. */
  readonly title: string;
  readonly cluster: boolean;
  readonly spec: Place;
}

export interface Missing {
  readonly name: string;
  readonly title: string;
  readonly cluster: boolean;
  /** Why it is not in the cache, if it exists. */
  readonly heldBack?: string;
  /** Title of the template that includes it. */
  readonly includedBy?: string;
}

export interface Collection {
  /** Each once: those of the namespace first, then those of the cluster. */
  readonly found: readonly Template[];
  readonly missing: readonly Missing[];
  /** Titles from a template back to itself. */
  readonly circles: readonly (readonly string[])[];
}

const FOLLOWING = "following templates that include others";

/** Collects as `collectTemplates` does, each list of references once: many steps have the same one. */
export function collector(templates: Templates): (references: Place) => Collection {
  const known = new Map<string, Collection>();
  return (references) => {
    const key = JSON.stringify(references.value) ?? "";
    spendBytes(key.length, FOLLOWING);
    const collection = known.get(key) ?? collectTemplates(references, templates);
    known.set(key, collection);
    return collection;
  };
}

export function titleOf(reference: Place): string {
  const kind = isTrue(at(reference, "clusterScope")) ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
  return `${kind} '${text(at(reference, "templateName"))}'`;
}

/**
 * Follows a list of references (`templates`) through the templates that include others. Each is visited once, while the
 * reference walks in circles until it crashes.
 */
export function collectTemplates(references: Place, templates: Templates): Collection {
  const found = new Map<string, Template>();
  const missing: Missing[] = [];
  const circles: (readonly string[])[] = [];
  const visit = (list: Place, trail: readonly string[]): void => {
    for (const reference of items(list)) {
      const title = titleOf(reference);
      const name = text(at(reference, "templateName"));
      const cluster = isTrue(at(reference, "clusterScope"));
      const store = cluster ? templates.cluster : templates.namespaced;
      const includedBy = trail.at(-1);
      spend(1 + trail.length, FOLLOWING);
      if (trail.includes(title)) circles.push([...trail.slice(trail.indexOf(title)), title]);
      const heldBack = whyHeldBack(store.get(name));
      if (!store.has(name) || heldBack !== undefined) {
        missing.push({
          name,
          title,
          cluster,
          ...(heldBack === undefined ? {} : { heldBack }),
          ...(includedBy === undefined ? {} : { includedBy }),
        });
        continue;
      }
      if (found.has(title)) continue;
      const spec = at(root({ spec: store.get(name) }), "spec");
      found.set(title, { name, title, cluster, spec });
      visit(at(spec, "templates"), [...trail, title]);
    }
  };
  visit(references, []);
  const all = [...found.values()];
  return {
    found: [...all.filter(({ cluster }) => !cluster), ...all.filter(({ cluster }) => cluster)],
    missing,
    circles,
  };
}
