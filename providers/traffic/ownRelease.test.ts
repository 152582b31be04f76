import { describe, expect, test } from "bun:test";
import { byDefault, routedBy } from "../../test/golden/routingStories.ts";
import { nginx } from "./nginx.ts";
import type { RoutedObject } from "./router.ts";
import { smi } from "./smi.ts";

const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "uid-web", controller: true };
const canary = { "nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "50" };

const routers = [
  { router: nginx, routing: { nginx: { stableIngress: "shop" } }, annotations: canary, foreign: {} },
  { router: smi, routing: { smi: {} }, annotations: {}, foreign: undefined },
] as const;

const object = (metadata: object): RoutedObject => ({
  metadata: { name: "left", namespace: "default", uid: "u", resourceVersion: "7", ...metadata },
});
const managedBy = (manager: string) => ({ managedFields: [{ manager, operation: "Update" }] });

describe.each([...routers])(
  "what $router.title has made for a Rollout",
  ({ router, routing, annotations, foreign }) => {
    const { release, reads, uses } = router;
    const [ref] = reads(routedBy(routing), byDefault);
    if (release === undefined || ref === undefined) throw new Error("nothing to release");
    const planned = (metadata: object, gone: readonly string[]) => {
      const plan = release.plan(ref, object(metadata), new Set(gone));
      return plan?.kind === "delete" ? [plan.uid, plan.resourceVersion] : [];
    };

    test("is deleted, in the version that was read, once that is gone", () => {
      const metadata = { annotations, ownerReferences: [owner] };
      expect(release.holders(object(metadata))).toEqual(["web"]);
      expect(planned(metadata, ["web"])).toEqual(["u", "7"]);
      expect(planned(metadata, ["other"])).toEqual([]);
      expect(uses[0]?.verbs).toContain("delete");
    });

    test("is deleted without an owner, too, if the API server has recorded that a controller made it", () => {
      for (const manager of ["sluice", "rollouts-controller"]) {
        expect(release.isLoose?.(object({ annotations, ...managedBy(manager) }))).toBe(true);
        expect(planned({ annotations, ...managedBy(manager) }, [])).toEqual(["u", "7"]);
      }
    });

    test("is told from what is somebody else's", () => {
      const others = [
        { annotations },
        { annotations, ...managedBy("kubectl-create") },
        { annotations, ownerReferences: [{ ...owner, kind: "App" }], ...managedBy("sluice") },
        { annotations, ownerReferences: [{ ...owner, apiVersion: "example.com/v1" }] },
        ...(foreign === undefined ? [] : [{ annotations: foreign, ownerReferences: [owner], ...managedBy("sluice") }]),
      ];
      for (const metadata of others) {
        expect(release.holders(object(metadata))).toEqual([]);
        expect(release.isLoose?.(object(metadata))).toBe(false);
        expect(planned(metadata, ["web"])).toEqual([]);
      }
    });
  },
);
