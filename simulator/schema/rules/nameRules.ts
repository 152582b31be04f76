/** Which names the objects of a kind may have. */
import { at, type Place, root, text } from "../../../kube/validation/place.ts";
import { dnsLabel, dnsSubdomain } from "../../../kube/validation/syntax.ts";
import type { Violation } from "../../../kube/validation/violation.ts";
import { texts } from "./rule.ts";

/** A name that only has to fit into a path. */
function pathSegment(name: string): readonly string[] {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter((char) => name.includes(char)).map((char) => `may not contain '${char}'`);
}

const labels = ["services", "namespaces"];

/** Names are checked when an object is created; after that they do not change. */
export function nameViolations(resource: string, object: object): readonly Violation[] {
  const place: Place = at(root(object), "metadata", "name");
  const name = text(place);
  if (name === "") return [];
  if (resource.endsWith(".rbac.authorization.k8s.io")) return texts(place, pathSegment(name));
  return texts(place, labels.includes(resource) ? dnsLabel(name) : dnsSubdomain(name));
}
