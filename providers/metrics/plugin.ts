/** Providers that are programs of the user's, by their names. They are not measured yet. */
import { keys } from "../../kube/validation/place.ts";
import type { MetricProviderRow } from "./provider.ts";

export const plugin: MetricProviderRow<"plugin"> = {
  kind: "plugin",
  title: "plugins",
  conditions: { kind: "its own" },
  reaches: ["program"],
  // Each plugin counts; an empty map has no names.
  names: (settings) => keys(settings).map((name) => `plugin ${name}`),
};
