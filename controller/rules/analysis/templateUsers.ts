/** What an edit of a template would do to the Rollouts that use it. */
import { cost, LIMITS, TooCostlyError } from "../../../kube/object/budget.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import { at, root, text } from "../../../kube/validation/place.ts";
import { newViolations } from "../../../kube/validation/ratchet.ts";
import { collector, type Templates } from "./templateCollection.ts";
import { analysesOf, templateReferenceViolations } from "./templates.ts";
import { helped, invalid, type Violation, violationText } from "../../../kube/validation/violation.ts";

/** A Rollout that may use a template, and all templates that it may use, as the cluster holds them. */
export interface TemplateUser {
  readonly rollout: unknown;
  readonly templates: Templates;
}

/**
 * A warning for each Rollout that would be held after the edit and is not held for that now. Only a warning: the
 * Rollout's own edit may be on its way. Others write the Rollouts, so checking them has a budget of its own; a last
 * warning gives the number of those that were not checked.
 */
export function rolloutsBrokenBy(template: unknown, users: Iterable<TemplateUser>): readonly Violation[] {
  const place = root(template);
  const spec = at(place, "spec");
  const name = text(at(place, "metadata", "name"));
  const cluster = text(at(place, "kind")) === "ClusterAnalysisTemplate";
  const broken: Violation[] = [];
  let unseen = 0;
  let left = LIMITS.users.steps;
  // One budget around all: what is found out about a template for one Rollout is used for the next.
  cost(() => {
    for (const user of users) {
      if (!cluster && !sharesNamespace(template, user.rollout)) continue;
      const checked = left > 0 ? checkUser(user, { cluster, name, spec: spec.value }) : undefined;
      left -= checked?.steps ?? LIMITS.user.steps;
      if (checked === undefined) unseen += 1;
      if (checked?.detail !== undefined)
        broken.push(helped(invalid("template-breaks-rollout", spec, checked.detail, name), checked.help));
    }
  });
  if (unseen === 0) return broken;
  const detail = `${unseen} Rollouts that may use it were not checked: that is too costly`;
  return [...broken, invalid("template-users-unseen", spec, detail, name)];
}

/** What the edit does to one Rollout, and what it cost to find out; undefined: too much. */
function checkUser(
  { rollout, templates }: TemplateUser,
  changed: Named & { readonly spec: unknown },
): { readonly steps: number; readonly detail: string | undefined; readonly help: string | undefined } | undefined {
  try {
    const { steps, result } = cost(() => {
      const after = withTemplate(templates, changed);
      if (!uses(rollout, after, changed)) return undefined;
      const [first] = newViolations(
        templateReferenceViolations(rollout, templates).refuse,
        templateReferenceViolations(rollout, after).refuse,
      );
      return first;
    }, LIMITS.user);
    const detail =
      result === undefined
        ? undefined
        : `would hold Rollout "${titleOf(rollout)}", which uses it: ${violationText(result)}`;
    return { steps, detail, help: result?.help };
  } catch (error) {
    if (error instanceof TooCostlyError) return undefined;
    throw error;
  }
}

interface Named {
  readonly cluster: boolean;
  readonly name: string;
}

function uses(rollout: unknown, templates: Templates, { cluster, name }: Named): boolean {
  const collect = collector(templates);
  return analysesOf(rollout).some(({ analysis }) =>
    collect(at(analysis, "templates")).found.some((found) => found.cluster === cluster && found.name === name),
  );
}

/** Objects before admission may not have their namespace yet. */
function sharesNamespace(template: unknown, rollout: unknown): boolean {
  const [one, other] = [template, rollout].map((object) => text(at(root(object), "metadata", "namespace")));
  return one === "" || other === "" || one === other;
}

function titleOf(rollout: unknown): string {
  const metadata = at(root(rollout), "metadata");
  return [text(at(metadata, "namespace")), text(at(metadata, "name"))].filter((part) => part !== "").join("/");
}

/** The templates as they are after the edit of one. */
export function withTemplate(
  templates: Templates,
  { cluster, name, spec }: Named & { readonly spec: unknown },
): Templates {
  const changed = (store: Lookup<unknown>): Lookup<unknown> => ({
    has: (other) => other === name || store.has(other),
    get: (other) => (other === name ? spec : store.get(other)),
  });
  return cluster
    ? { ...templates, cluster: changed(templates.cluster) }
    : { ...templates, namespaced: changed(templates.namespaced) };
}
