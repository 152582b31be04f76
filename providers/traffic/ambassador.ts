/** Ambassador: copies of the user's Mappings. It is not driven yet. */
import { at, count, present } from "../../kube/validation/place.ts";
import { helped, invalid } from "../../kube/validation/violation.ts";
import type { UndrivenRouter } from "./router.ts";
import { always } from "./traits.ts";

export const ambassador: UndrivenRouter<"ambassador"> = {
  kind: "ambassador",
  title: "Ambassador",
  metrics: { label: "Ambassador", rank: 2 },
  abilities: {},
  needsServices: always,
  violations: (settings) => {
    const mappings = at(settings, "mappings");
    if (!present(settings) || count(mappings) > 0) return [];
    const help = "List the names of your Mappings: mappings: [NAME]";
    return [helped(invalid("router-names", mappings, "must provide at least one mapping"), help)];
  },
};
