import { expect, test } from "bun:test";
import { join } from "node:path";
import { byDefault, type RoutingStory, routedBy, routingStories, wanting } from "../../test/golden/routingStories.ts";
import { expectGolden } from "../../test/golden/timeline.ts";
import { smi } from "./smi.ts";

const one = routedBy({ smi: {} });
const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "uid-web", controller: true };
const split = (name: string, spec: object, more: object = { ownerReferences: [owner] }) => ({
  apiVersion: "split.smi-spec.io/v1alpha1",
  kind: "TrafficSplit",
  metadata: { name, ...more },
  spec,
});

const halves = (canary: string) => ({
  service: "web",
  backends: [
    { service: canary, weight: 50 },
    { service: "web", weight: 50 },
  ],
});

const stories: readonly RoutingStory[] = [
  {
    sentence: "A TrafficSplit of the Rollout's name, weights as quantities",
    rollout: one,
    objects: [],
    wants: [wanting(0), wanting(5), wanting(100)],
  },
  {
    sentence: "Names of one's own, weights as numbers, an experiment",
    rollout: routedBy({ smi: { rootService: "root", trafficSplitName: "shop" } }),
    objects: [],
    settings: { ...byDefault, trafficSplitVersion: "v1alpha3" },
    wants: [
      wanting(15, { additional: [{ serviceName: "web-a", podTemplateHash: "a", weight: 5 }] }),
      wanting(90, { additional: [{ serviceName: "web-a", podTemplateHash: "a", weight: 20 }] }),
    ],
  },
  {
    sentence: "Weights that the API server shows as numbers are right; what others added stays",
    rollout: one,
    objects: [
      split(
        "web",
        {
          service: "web",
          matches: [{ kind: "HTTPRouteGroup", name: "beta" }],
          backends: [
            { service: "web-next", weight: 5 },
            { service: "web", weight: 95 },
          ],
        },
        { ownerReferences: [owner], labels: { team: "shop" } },
      ),
    ],
    wants: [wanting(5), wanting(10)],
  },
  {
    sentence: "The root Service is put right alone",
    rollout: routedBy({ smi: { rootService: "root" } }),
    objects: [
      split("web", {
        service: "web",
        backends: [
          { service: "web-next", weight: "5" },
          { service: "web", weight: "95" },
        ],
      }),
    ],
    wants: [wanting(5)],
  },
  {
    sentence: "A TrafficSplit of that name is somebody's",
    rollout: one,
    objects: [split("web", { service: "web", backends: [] }, {})],
    wants: [wanting(5)],
  },
  {
    sentence: "A TrafficSplit has no owner, as after a backup was restored: it is adopted",
    rollout: one,
    objects: [split("web", halves("web-next"), {})],
    wants: [wanting(50), wanting(0)],
  },
  {
    sentence: "A TrafficSplit belongs to an earlier Rollout of that name: it is adopted",
    rollout: one,
    objects: [split("web", halves("web-next"), { ownerReferences: [{ ...owner, uid: "uid-earlier" }] })],
    wants: [wanting(5)],
  },
  {
    sentence: "A TrafficSplit of that name has a Service that is not ours",
    rollout: one,
    objects: [split("web", halves("cart"), {})],
    wants: [wanting(5)],
  },
];

test("writes these TrafficSplits and no more", () => {
  expectGolden(join(import.meta.dir, "smi.golden.txt"), routingStories(smi, stories));
});

test("reads TrafficSplits of the version that the controller was told", () => {
  const settings = { ...byDefault, trafficSplitVersion: "v1alpha2" } as const;
  expect(smi.resources(settings).map(({ version }) => version)).toEqual(["v1alpha2"]);
  expect(smi.reads(one, settings)).toEqual([
    {
      resource: { kind: "TrafficSplit", group: "split.smi-spec.io", version: "v1alpha2", plural: "trafficsplits" },
      namespace: "default",
      name: "web",
    },
  ]);
});
