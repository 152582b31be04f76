import { expect, test } from "bun:test";
import { providerOf } from "./providers.ts";

test.each([
  ["by our own where it is one of ours", { "sluice.dev/pods": { pods: 2 } }, "sluice.dev/pods", { pods: 2 }],
  ["by the plugin that is configured by any other name", { "acme/x": { a: 1 } }, "plugin", { "acme/x": { a: 1 } }],
  ["by our own first, where no admission was asked", { "acme/x": {}, "sluice.dev/pods": {} }, "sluice.dev/pods", {}],
])("a metric under plugin is measured %s", (_, plugin, kind, settings) => {
  const chosen = providerOf({ plugin });
  expect([chosen?.row.kind, chosen?.settings]).toEqual([kind, settings]);
});

test("a metric under plugin is measured by nothing where its name is like ours and none of ours", () => {
  expect(providerOf({ plugin: { "sluice.dev/nodes": {} } })).toBeUndefined();
});
