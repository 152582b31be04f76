/**
 * The templates that a template includes, as the cluster holds them (docs/behaviour/admission.md#edits-of-templates). A
 * circle through others refuses, as one of a template with itself does (analysis.ts); one that is missing may be on its
 * way and warns.
 */
import type { Findings } from "../../../kube/validation/findings.ts";
import { at, isTrue, items, type Place, root, text } from "../../../kube/validation/place.ts";
import { invalid } from "../../../kube/validation/violation.ts";
import { collectTemplates, titleOf, type Templates } from "./templateCollection.ts";
import { withTemplate } from "./templateUsers.ts";

/** `templates`: as the cluster holds them before this write. Never throws, whatever it is given. */
export function templateIncludeFindings(template: unknown, templates: Templates): Findings {
  const place = root(template);
  const list = at(place, "spec", "templates");
  const cluster = text(at(place, "kind")) === "ClusterAnalysisTemplate";
  const name = text(at(place, "metadata", "name"));
  if (items(list).length === 0) return { refuse: [], warn: [] };
  const own = root({ templateName: name, clusterScope: cluster });
  const after = withTemplate(templates, { cluster, name, spec: at(place, "spec").value });
  const { circles, missing } = collectTemplates(root([own.value]), after);
  const title = titleOf(own);
  // A template of the cluster may include those of whatever namespace it is used in.
  const isKnown = (reference: Place): boolean => !cluster || isTrue(at(reference, "clusterScope"));
  const absent = new Set(missing.filter(({ includedBy }) => includedBy === title).map((one) => one.title));
  return {
    refuse: circles
      .filter((circle) => circle.length > 2 && circle.includes(title))
      .map((circle) =>
        invalid("template-cycle", list, `a template cannot include itself: ${circle.join(" → ")}`, name),
      ),
    warn: items(list)
      .filter((reference) => isKnown(reference) && absent.has(titleOf(reference)))
      .map((reference) =>
        invalid("template-missing", at(reference, "templateName"), `${titleOf(reference)} not found`),
      ),
  };
}
