import { expect, test } from "bun:test";
import { join } from "node:path";
import { byDefault, type RoutingStory, routedBy, routingStories, wanting } from "../../test/golden/routingStories.ts";
import { expectGolden } from "../../test/golden/timeline.ts";
import { ambassador } from "./ambassador.ts";

const one = routedBy({ ambassador: { mappings: ["shop"] } });
const two = routedBy({ ambassador: { mappings: ["shop", "api", "shop"] } });
const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "uid-web", controller: true };

const mapping = (name: string, spec: object, metadata: object = {}) => ({
  apiVersion: "getambassador.io/v2",
  kind: "Mapping",
  metadata: { name, ...metadata },
  spec: { prefix: "/", ...spec },
});
const base = mapping(
  "shop",
  { service: "http://web.default:8080/web", timeout_ms: 4000, headers: { "x-web": true } },
  { labels: { team: "shop" }, annotations: { "example.com/team": "shop" } },
);
const own = (spec: object, metadata: object = { ownerReferences: [owner] }) => mapping("shop-canary", spec, metadata);
const derived = { service: "http://web-next.default:8080/web", timeout_ms: 4000, headers: { "x-web": true } };

const stories: readonly RoutingStory[] = [
  {
    sentence: "A Mapping for the canary, while the canary has a weight; the user's is only read",
    rollout: one,
    objects: [base],
    wants: [wanting(0), wanting(20), wanting(100), wanting(0), wanting(0)],
  },
  {
    sentence: "Several Mappings, each once",
    rollout: two,
    objects: [base, mapping("api", { service: "web", prefix: "/api" })],
    wants: [wanting(5), wanting(0)],
  },
  {
    sentence: "The other API group, by the flag",
    rollout: one,
    objects: [
      {
        apiVersion: "x.getambassador.io/v3alpha1",
        kind: "AmbassadorMapping",
        metadata: { name: "shop" },
        spec: { hostname: "*", prefix: "/", service: "web" },
      },
    ],
    settings: { ...byDefault, ambassadorApiVersion: "x.getambassador.io/v3alpha1" },
    wants: [wanting(5)],
  },
  {
    sentence: "The canary's Mapping follows the user's, and somebody else's edit of it is put right; labels stay",
    rollout: one,
    objects: [
      base,
      own(
        { service: "elsewhere", weight: 20, rewrite: "/x" },
        { ownerReferences: [owner], labels: { by: "somebody" } },
      ),
    ],
    wants: [wanting(20)],
  },
  {
    sentence: "One that Argo Rollouts has made has no owner: it is adopted",
    rollout: one,
    objects: [base, own({ ...derived, weight: 20 }, {})],
    wants: [wanting(30)],
  },
  {
    sentence: "One that Argo Rollouts has made goes at the end, too",
    rollout: one,
    objects: [base, own({ ...derived, weight: 20 }, {})],
    wants: [wanting(0)],
  },
  {
    sentence: "A Mapping of that name leads elsewhere: it is somebody's",
    rollout: one,
    objects: [base, own({ service: "docs" }, {})],
    wants: [wanting(20), wanting(0)],
  },
  {
    sentence: "The deletion was refused before: it is tried again",
    rollout: one,
    objects: [base, own({ ...derived, weight: 0 })],
    wants: [wanting(0)],
  },
  { sentence: "No Mapping", rollout: one, objects: [], wants: [wanting(0), wanting(5)] },
  {
    sentence: "No Mapping in the middle of an update: the weight still follows, and an abort",
    rollout: one,
    objects: [own({ ...derived, weight: 50 })],
    wants: [wanting(20), wanting(0)],
  },
  {
    sentence: "One of two Mappings is missing: the other is written",
    rollout: two,
    objects: [mapping("api", { service: "web" })],
    wants: [wanting(20)],
  },
  {
    sentence: "A Mapping with a weight of its own",
    rollout: one,
    objects: [mapping("shop", { service: "web", weight: 10 })],
    wants: [wanting(5)],
  },
  {
    sentence: "A Mapping that leads elsewhere",
    rollout: one,
    objects: [mapping("shop", { service: "docs" })],
    wants: [wanting(5)],
  },
  {
    sentence: "Specs of anything",
    rollout: two,
    objects: [
      { ...mapping("shop", {}), spec: { service: 7 } },
      { ...mapping("api", {}), spec: ["web"] as never },
    ],
    wants: [wanting(5)],
  },
  {
    sentence: "Weights out of another router's total are brought to a hundred",
    rollout: one,
    objects: [mapping("shop", { service: "web" })],
    wants: [wanting(125, { total: 1000 })],
  },
];

test("writes these Mappings and no more", () => {
  expectGolden(join(import.meta.dir, "ambassador.golden.txt"), routingStories(ambassador, stories));
});

test("reads Mappings of the API version that the flag names, as Argo Rollouts does", () => {
  const kind = (ambassadorApiVersion: string) => {
    const [resource] = ambassador.resources({ ...byDefault, ambassadorApiVersion });
    return `${resource?.plural}.${resource?.group}/${resource?.version} ${resource?.kind}`;
  };
  expect(kind("getambassador.io/v2")).toBe("mappings.getambassador.io/v2 Mapping");
  expect(kind("v3alpha1")).toBe("mappings.getambassador.io/v3alpha1 Mapping");
  expect(kind("x.getambassador.io/v3alpha1")).toBe("ambassadormappings.x.getambassador.io/v3alpha1 AmbassadorMapping");
  expect(kind("example.com/v1")).toBe("mappings.example.com/v1 Mapping");
});

test("the canary's name has 253 characters at most, and two Mappings never share it", () => {
  const names = ["a".repeat(247), "a".repeat(250)];
  const rollout = routedBy({ ambassador: { mappings: names } });
  const [, canary] = ambassador.reads(rollout, byDefault);
  expect(canary?.name).toHaveLength(253);
  const object = ({ name }: { readonly name: string }) =>
    name.endsWith("-canary") ? undefined : { metadata: { name, namespace: "default" }, spec: { service: "web" } };
  const plan = ambassador.route({ rollout, traffic: wanting(0), settings: byDefault, object });
  expect(plan.kind === "fault" ? plan.message : "").toContain("would share one canary mapping");
});
