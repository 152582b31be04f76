import { expect, test } from "bun:test";
import { parseControllerOptions } from "./options.ts";
import { migrationOf } from "./command.ts";

function optionsOf(env: Readonly<Record<string, string>>) {
  const parsed = parseControllerOptions(["--migrate-deployments"], env);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

test("Deployments migrate in every namespace but that of the Lease and the webhook, whatever a kubeconfig says", () => {
  expect(migrationOf(optionsOf({}), undefined)?.ownNamespace).toBe("argo-rollouts");
  expect(migrationOf(optionsOf({ POD_NAMESPACE: "sluice" }), undefined)?.ownNamespace).toBe("sluice");
});
