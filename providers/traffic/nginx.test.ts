import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { expectGolden } from "../../test/golden/timeline.ts";
import {
  type RoutingStory,
  routedBy,
  routingWorld,
  byDefault,
  routingStories,
  wanting,
} from "../../test/golden/routingStories.ts";
import { nginx } from "./nginx.ts";

const path = (service: string, at = "/") => ({
  path: at,
  pathType: "Prefix",
  backend: { service: { name: service, port: { number: 80 } } },
});
const rule = (host: string, ...paths: readonly object[]) => ({ host, http: { paths } });
const ingress = (name: string, spec: object, annotations: Readonly<Record<string, string>> = {}) => ({
  metadata: { name, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
  spec: { ingressClassName: "nginx", ...spec },
});
const shop = ingress("shop", { rules: [rule("shop.example", path("web"))] });
const one = routedBy({ nginx: { stableIngress: "shop" } });
const prefix = "nginx.ingress.kubernetes.io";
const owned = {
  ownerReferences: [
    { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "uid-web", controller: true },
  ],
};

const [owner] = owned.ownerReferences;
const gitOps = { apiVersion: "example.com/v1", kind: "App", name: "shop", uid: "uid-app" };

/** A canary Ingress as ours are, at weight 50. */
const lost = (metadata: object) => ({
  metadata: {
    name: "web-shop-canary",
    annotations: { [`${prefix}/canary`]: "true", [`${prefix}/canary-weight`]: "50", "example.com/team": "shop" },
    ...metadata,
  },
  spec: { ingressClassName: "nginx", rules: [rule("shop.example", path("web-next"))] },
});

const stories: readonly RoutingStory[] = [
  {
    sentence: "A canary Ingress beside the stable one, which stays as it is",
    rollout: one,
    objects: [shop],
    wants: [wanting(0), wanting(20), wanting(100), wanting(0)],
  },
  {
    sentence: "TLS goes with it; the default backend and other annotations do not",
    rollout: one,
    objects: [
      ingress(
        "shop",
        {
          defaultBackend: { service: { name: "web", port: { number: 80 } } },
          tls: [{ hosts: ["shop.example"], secretName: "shop-tls" }],
          rules: [rule("shop.example", path("web"))],
        },
        { [`${prefix}/proxy-body-size`]: "8m" },
      ),
    ],
    wants: [wanting(5)],
  },
  {
    sentence: "Rules that lead elsewhere stay out; other paths of a rule that leads here come along",
    rollout: one,
    objects: [
      ingress("shop", {
        rules: [
          rule("docs.example", path("docs")),
          { host: "bare.example" },
          rule("shop.example", path("cart", "/cart"), path("web"), {
            path: "/files",
            pathType: "Exact",
            backend: { resource: { apiGroup: "storage.example", kind: "Bucket", name: "files" } },
          }),
        ],
      }),
    ],
    wants: [wanting(10)],
  },
  {
    sentence: "The class in an annotation is taken over, beside the same one in the spec",
    rollout: one,
    objects: [ingress("shop", shop.spec, { "kubernetes.io/ingress.class": "nginx" })],
    wants: [wanting(10)],
  },
  {
    sentence: "Of two classes that differ the annotation's is taken over",
    rollout: one,
    objects: [
      {
        metadata: { name: "shop", annotations: { "kubernetes.io/ingress.class": "nginx-internal" } },
        spec: { ingressClassName: "nginx", rules: [rule("shop.example", path("web"))] },
      },
    ],
    wants: [wanting(10)],
  },
  {
    sentence: "Annotations of one's own, with a prefix of one's own and without; the weight is not theirs",
    rollout: routedBy({
      nginx: {
        stableIngress: "shop",
        annotationPrefix: "acme.example",
        additionalIngressAnnotations: {
          "canary-by-header": "x-canary",
          "acme.example/canary-by-cookie": "canary",
          "canary-weight": "99",
        },
        canaryIngressAnnotations: { "acme.example/canary": "false", "example.com/team": "shop" },
      },
    }),
    objects: [shop],
    wants: [wanting(30)],
  },
  {
    sentence: "Weights out of 1000",
    rollout: routedBy({ nginx: { stableIngress: "shop" }, maxTrafficWeight: 1000 }),
    objects: [shop],
    wants: [wanting(5, { total: 1000 }), wanting(1000, { total: 1000 })],
  },
  {
    sentence: "Back from weights out of 1000 to percent",
    rollout: one,
    objects: [
      shop,
      {
        metadata: { name: "web-shop-canary", annotations: { [`${prefix}/canary-weight-total`]: "1000" }, ...owned },
        spec: shop.spec,
      },
    ],
    wants: [wanting(20)],
  },
  {
    sentence: "What others put on the canary Ingress stays; its spec follows the stable one's",
    rollout: one,
    objects: [
      ingress("shop", { rules: [rule("shop.example", path("web")), rule("shop.test", path("web"))] }),
      {
        metadata: {
          name: "web-shop-canary",
          labels: { team: "shop" },
          annotations: { "cert.example/seen": "yes", [`${prefix}/canary`]: "true", [`${prefix}/canary-weight`]: "20" },
          ...owned,
        },
        spec: {
          ingressClassName: "other",
          tls: [{ hosts: ["old.example"] }],
          rules: [rule("shop.example", path("web-next"))],
        },
      },
    ],
    wants: [wanting(20)],
  },
  {
    sentence: "Several stable Ingresses get a canary Ingress each",
    rollout: routedBy({ nginx: { stableIngresses: ["shop", "shop-api", "shop"] } }),
    objects: [shop, ingress("shop-api", { rules: [rule("api.example", path("web", "/v1"))] })],
    wants: [wanting(20), wanting(40)],
  },
  {
    sentence: "One of several cannot be had: the others follow all the same",
    rollout: routedBy({ nginx: { stableIngresses: ["gone", "elsewhere", "shop"] } }),
    objects: [ingress("elsewhere", { rules: [rule("a.example", path("docs"))] }), shop],
    wants: [wanting(0)],
  },
  {
    sentence: "An Ingress without a rule for the stable Service",
    rollout: one,
    objects: [ingress("shop", { rules: [rule("a.example", path("docs")), { host: "b.example" }] })],
    wants: [wanting(20)],
  },
  {
    sentence: "The stable Ingress leads elsewhere in the middle of an update: the weight still follows",
    rollout: one,
    objects: [
      ingress("shop", { rules: [rule("a.example", path("docs"))] }),
      {
        metadata: {
          name: "web-shop-canary",
          annotations: { [`${prefix}/canary`]: "true", [`${prefix}/canary-weight`]: "20" },
          ...owned,
        },
        spec: { rules: [rule("a.example", path("web-next"))] },
      },
    ],
    wants: [wanting(0)],
  },
  {
    sentence: "The name of the canary Ingress is taken by somebody",
    rollout: one,
    objects: [shop, ingress("web-shop-canary", { rules: [rule("shop.example", path("web"))] })],
    wants: [wanting(20)],
  },
  {
    sentence: "The canary Ingress has no owner, as after a backup was restored: it is adopted",
    rollout: one,
    objects: [shop, lost({})],
    wants: [wanting(20), wanting(0)],
  },
  {
    sentence:
      "The canary Ingress belongs to an earlier Rollout of that name, and to somebody else as well: it is adopted",
    rollout: one,
    objects: [shop, lost({ ownerReferences: [gitOps, { ...owner, uid: "uid-earlier" }] })],
    wants: [wanting(50)],
  },
  {
    sentence: "The canary Ingress belongs to another Rollout: it stays as it is",
    rollout: one,
    objects: [shop, lost({ ownerReferences: [{ ...owner, name: "cart", uid: "uid-cart" }] })],
    wants: [wanting(0)],
  },
  {
    sentence: "A canary Ingress of that name leads to another Service: it stays as it is",
    rollout: one,
    objects: [shop, { ...lost({}), spec: { rules: [rule("shop.example", path("cart"))] } }],
    wants: [wanting(0)],
  },
  {
    sentence: "Another prefix: the weight with the earlier one goes",
    rollout: routedBy({ nginx: { stableIngress: "shop", annotationPrefix: "acme.example" } }),
    objects: [shop, lost({ ownerReferences: [owner] })],
    wants: [wanting(20)],
  },
];

test("writes these canary Ingresses and no more", () => {
  expectGolden(join(import.meta.dir, "nginx.golden.txt"), routingStories(nginx, stories));
});

describe("the canary Ingress' name", () => {
  const stableNames = (...names: readonly string[]) =>
    nginx.reads(routedBy({ nginx: { stableIngresses: [...names] } }), byDefault).map(({ name }) => name);

  test("has 253 characters at most", () => {
    const long = "s".repeat(253);
    expect(stableNames(long)[1]).toBe(`web-${"s".repeat(242)}-canary`);
    expect(stableNames(long)[1]).toHaveLength(253);
    expect(stableNames("s".repeat(242))[1]).toBe(`web-${"s".repeat(242)}-canary`);
  });

  test("that two stable Ingresses would share is a fault, not a quarrel", () => {
    const names = [`${"s".repeat(242)}-a`, `${"s".repeat(242)}-b`];
    const world = routingWorld(names.map((name) => ingress(name, shop.spec)));
    const rollout = routedBy({ nginx: { stableIngresses: names } });
    const plan = world.route(nginx, rollout, wanting(20));
    expect(plan.writes.map(({ kind }) => kind)).toEqual(["create"]);
    expect(plan).toMatchObject({ kind: "fault", missing: false });
    expect(world.route(nginx, rollout, wanting(20)).writes).toEqual([]);
  });
});

describe("a change of an Ingress is news", () => {
  test.each([
    ["of the class that the controller was told of", { ingressClassName: "nginx" }, {}, true],
    ["of the class of an annotation", {}, { "kubernetes.io/ingress.class": "nginx" }, true],
    ["of no class", {}, {}, true],
    ["but not of a class that belongs to others", { ingressClassName: "traefik" }, {}, false],
    [
      "as the annotation says, if they differ",
      { ingressClassName: "nginx" },
      { "kubernetes.io/ingress.class": "x" },
      false,
    ],
  ])("%s", (_, spec, annotations, news) => {
    const object = { metadata: { name: "shop", namespace: "default", annotations }, spec };
    expect(nginx.heeds(object, byDefault)).toBe(news);
  });
});
