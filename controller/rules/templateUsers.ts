/** What an edit of a template would do to the Rollouts that use it. */
import type { Lookup } from "./lookup.ts";
import { at, root, text } from "./place.ts";
import { newViolations } from "./ratchet.ts";
import { collectTemplates, type Templates } from "./templateCollection.ts";
import { analysesOf, templateReferenceViolations } from "./templates.ts";
import { invalid, type Violation, violationText } from "./violation.ts";

/** A Rollout that may use a template, and all templates that it may use, as the cluster holds them. */
export interface TemplateUser {
  readonly rollout: unknown;
  readonly templates: Templates;
}

/**
 * A warning for each Rollout that would be held after the edit and is not held for that now. Only a warning: the
 * Rollout's own edit may be on its way.
 */
export function rolloutsBrokenBy(template: unknown, users: readonly TemplateUser[]): readonly Violation[] {
  const place = root(template);
  const spec = at(place, "spec");
  const name = text(at(place, "metadata", "name"));
  const cluster = text(at(place, "kind")) === "ClusterAnalysisTemplate";
  return users
    .filter(({ rollout }) => cluster || sharesNamespace(template, rollout))
    .flatMap(({ rollout, templates }) => {
      const after = withTemplate(templates, { cluster, name, spec: spec.value });
      if (!uses(rollout, after, { cluster, name })) return [];
      const [first] = newViolations(
        templateReferenceViolations(rollout, templates).refuse,
        templateReferenceViolations(rollout, after).refuse,
      );
      if (first === undefined) return [];
      const detail = `would hold Rollout "${titleOf(rollout)}", which uses it: ${violationText(first)}`;
      return [invalid("template-breaks-rollout", spec, detail, name)];
    });
}

interface Named {
  readonly cluster: boolean;
  readonly name: string;
}

const uses = (rollout: unknown, templates: Templates, { cluster, name }: Named): boolean =>
  analysesOf(rollout).some(({ analysis }) =>
    collectTemplates(at(analysis, "templates"), templates).found.some(
      (template) => template.cluster === cluster && template.name === name,
    ),
  );

/** Objects before admission may not name their namespace yet. */
function sharesNamespace(template: unknown, rollout: unknown): boolean {
  const [one, other] = [template, rollout].map((object) => text(at(root(object), "metadata", "namespace")));
  return one === "" || other === "" || one === other;
}

function titleOf(rollout: unknown): string {
  const metadata = at(root(rollout), "metadata");
  return [text(at(metadata, "namespace")), text(at(metadata, "name"))].filter((part) => part !== "").join("/");
}

function withTemplate(templates: Templates, { cluster, name, spec }: Named & { readonly spec: unknown }): Templates {
  const changed = (store: Lookup<unknown>): Lookup<unknown> => ({
    has: (other) => other === name || store.has(other),
    get: (other) => (other === name ? spec : store.get(other)),
  });
  return cluster
    ? { ...templates, cluster: changed(templates.cluster) }
    : { ...templates, namespaced: changed(templates.namespaced) };
}
