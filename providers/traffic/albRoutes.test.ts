import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { expectGolden } from "../../test/golden/timeline.ts";
import {
  type RoutingStory,
  routedBy,
  routingStories,
  routingWorld,
  wanting,
} from "../../test/golden/routingStories.ts";
import { alb } from "./alb.ts";
import type { ManagedRoute } from "./router.ts";

const MANAGED = "rollouts.argoproj.io/managed-alb-annotations";
const ACTIONS = "alb.ingress.kubernetes.io/actions";
const CONDITIONS = "alb.ingress.kubernetes.io/conditions";

const header = (name: string, ...matches: readonly (readonly [header: string, exact: string])[]): ManagedRoute => ({
  kind: "header",
  name,
  match: matches.map(([headerName, exact]) => ({ headerName, headerValue: { exact } })),
});
const beta = header("beta", ["x-beta", "yes"]);
const team = header("team", ["x-team", "red"], ["x-team", "blue"], ["x-beta", "a&b"]);

const backend = (name: string, port: object = { name: "use-annotation" }) => ({ service: { name, port } });
const path = (name: string, at = "/*", port?: object) => ({
  path: at,
  pathType: "ImplementationSpecific",
  backend: backend(name, port),
});

type Path = ReturnType<typeof path>;
type Annotations = Readonly<Record<string, string>>;

const ingress = (rules: readonly (readonly Path[])[], annotations: Annotations = {}, name = "shop") => ({
  metadata: { name, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
  spec: { ingressClassName: "alb", rules: rules.map((paths) => ({ http: { paths } })) },
});
const shop = ingress([[path("web")]]);

const managedRoutes = [{ name: "beta" }, { name: "team" }];
const one = routedBy({ alb: { ingress: "shop", servicePort: 443 }, managedRoutes });
const wants = (weight: number, ...routes: readonly ManagedRoute[]) => wanting(weight, { routes });

/** The annotations of the Rollout "web" at weight 20, with a route. */
const written: Annotations = {
  [`${ACTIONS}.web`]:
    '{"Type":"forward","ForwardConfig":{"TargetGroups":[{"ServiceName":"web-next","ServicePort":"443","Weight":20},{"ServiceName":"web","ServicePort":"443","Weight":80}]}}',
  [`${ACTIONS}.beta`]:
    '{"Type":"forward","ForwardConfig":{"TargetGroups":[{"ServiceName":"web-next","ServicePort":"443","Weight":100}]}}',
  [`${CONDITIONS}.beta`]: '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"x-beta","values":["yes"]}}]',
  [MANAGED]: `{"web":["${ACTIONS}.web","${ACTIONS}.beta","${CONDITIONS}.beta"]}`,
};

const stories: readonly RoutingStory[] = [
  {
    sentence: "A header route is an action, a condition and a path before all others, and goes without a trace",
    rollout: one,
    objects: [ingress([[path("web")], [path("docs", "/docs"), path("web")]])],
    wants: [wants(0), wants(0, beta), wants(20, beta), wants(0)],
  },
  {
    sentence: "Several routes: in the order of managedRoutes, whichever came first",
    rollout: one,
    objects: [shop],
    wants: [wants(0, team), wants(0, beta, team), wants(0, beta)],
  },
  {
    sentence: "Values of one header are alternatives, different headers must all match",
    rollout: one,
    objects: [shop],
    wants: [wants(0, team)],
  },
  {
    sentence: "Prefixes and exact paths, which AWS looks at first, have the route as well, each before its own",
    rollout: one,
    objects: [
      {
        ...shop,
        spec: {
          rules: [
            {
              http: {
                paths: [
                  { path: "/", pathType: "Prefix", backend: backend("web") },
                  { path: "/shop", pathType: "Exact", backend: backend("web") },
                  { path: "/docs", pathType: "Prefix", backend: backend("docs") },
                ],
              },
            },
          ],
        },
      },
    ],
    wants: [wants(0, beta, team), wants(0, team), wants(0)],
  },
  {
    sentence: "Another match of a route changes its condition alone",
    rollout: one,
    objects: [ingress([[path("beta"), path("web")]], written)],
    wants: [wants(20, header("beta", ["x-beta", "yes"], ["x-beta", "no"]))],
  },
  {
    sentence: "Rules that do not lead to the Rollout's Service, or to nothing, get no path",
    rollout: one,
    objects: [
      {
        ...shop,
        spec: {
          ...shop.spec,
          rules: [
            { host: "bare.example" },
            { host: "docs.example", http: { paths: [path("docs")] } },
            ...shop.spec.rules,
          ],
        },
      },
    ],
    wants: [wants(0, beta), wants(0)],
  },
  {
    sentence: "All Ingresses get the route, those behind one that has it already included",
    rollout: routedBy({ alb: { ingresses: ["shop", "b"], servicePort: 443 }, managedRoutes }),
    objects: [ingress([[path("beta"), path("web")]], written), ingress([[path("web")]], {}, "b")],
    wants: [wants(20, beta)],
  },
  {
    sentence: "A prefix, a root Service, stickiness and ping-pong",
    rollout: routedBy(
      {
        alb: {
          ingress: "shop",
          servicePort: 80,
          rootService: "root",
          annotationPrefix: "alb.example",
          stickinessConfig: { enabled: true, durationSeconds: 600 },
        },
        managedRoutes,
      },
      { pingPong: { pingService: "ping", pongService: "pong" } },
    ),
    objects: [ingress([[path("root")]])],
    wants: [wants(0, beta), wants(0)],
  },
  {
    sentence: "Another prefix: the route with the earlier one goes",
    rollout: routedBy({ alb: { ingress: "shop", servicePort: 443, annotationPrefix: "alb.example" }, managedRoutes }),
    objects: [ingress([[path("beta"), path("web")]], written)],
    wants: [wants(20, beta), wants(20)],
  },
  {
    sentence: "A route that is no longer in managedRoutes goes",
    rollout: routedBy({ alb: { ingress: "shop", servicePort: 443 } }),
    objects: [ingress([[path("beta"), path("web")]], written)],
    wants: [wants(20)],
  },
  {
    sentence: "Somebody else has taken a part of the route away: it is put back",
    rollout: one,
    objects: [ingress([[path("web")]], written)],
    wants: [wants(20, beta)],
  },
  {
    sentence: "Somebody else has put a path before it: it comes first again",
    rollout: one,
    objects: [ingress([[path("docs", "/docs"), path("beta"), path("web")]], written)],
    wants: [wants(20, beta)],
  },
  {
    sentence: "Another Rollout's route of that name is a fault, and stays; the weight is written",
    rollout: one,
    objects: [
      ingress([[path("beta"), path("web")]], {
        [`${CONDITIONS}.beta`]: "[]",
        [MANAGED]: `{"other":["${ACTIONS}.beta","${CONDITIONS}.beta"]}`,
      }),
    ],
    wants: [wants(20, beta, team), wants(0)],
  },
  {
    sentence: "A route with the name of a Service that the Ingress leads to is a fault; the weight is written",
    rollout: routedBy({
      alb: { ingress: "shop", servicePort: 443 },
      managedRoutes: [{ name: "web" }, { name: "api" }],
    }),
    objects: [ingress([[path("api", "/api", { number: 80 }), path("web")]])],
    wants: [wants(20, header("web", ["x", "y"])), wants(20, header("api", ["x", "y"])), wants(0)],
  },
  {
    sentence: "A route with the name of an action of somebody else's is a fault, and the action stays",
    rollout: one,
    objects: [ingress([[path("beta"), path("web")]], { [`${ACTIONS}.beta`]: '{"Type":"redirect"}' })],
    wants: [wants(20, beta), wants(0)],
  },
  {
    sentence: "A list that cannot be read does not keep an aborted canary's route",
    rollout: one,
    objects: [ingress([[path("beta"), path("web")]], { ...written, [MANAGED]: "broken" })],
    wants: [wants(0)],
  },
  {
    sentence: "Mirror routes are not AWS': nothing is written for them",
    rollout: one,
    objects: [shop],
    wants: [wants(20, { kind: "mirror", name: "beta", match: [{ path: { prefix: "/" } }], percentage: 50 })],
  },
];

test("writes these annotations and paths, and no more", () => {
  expectGolden(join(import.meta.dir, "albRoutes.golden.txt"), routingStories(alb, stories));
});

test("more routes than a load balancer could have are a fault, and none is written; the weight is", () => {
  const many = Array.from({ length: 1_001 }, (_, at) => header(`r${at}`, ["x", "y"]));
  const plan = routingWorld([shop]).route(alb, one, wants(20, ...many));
  expect(plan).toMatchObject({
    kind: "fault",
    message: "1001 header routes on 1 paths to `web` are more than 1000 paths of ingress `shop`: write fewer routes",
  });
  expect(plan.writes.map(({ event }) => event?.message)).toEqual(["Updating Ingress `shop` to desiredWeight '20'"]);
});

describe("an Ingress with a header route", () => {
  const annotations = { "example.com/team": "shop" };
  const docs = path("docs", "/docs", { number: 80 });
  const before = ingress([[docs, path("web")], [path("other", "/x")]], annotations);
  const ref = alb.reads(one, {})[0];

  const after = (...steps: readonly ReturnType<typeof wants>[]) => {
    const world = routingWorld([before]);
    for (const traffic of steps) world.route(alb, one, traffic);
    return ref === undefined ? undefined : world.object(ref);
  };

  test("has the paths that it had in Git again once the route has gone", () => {
    expect(after(wants(0, beta))?.spec).not.toEqual(before.spec);
    expect(after(wants(0, beta), wants(20, beta, team), wants(0))?.spec).toEqual(before.spec);
  });

  test("keeps what others have written, and no annotation of the route", () => {
    const kept = after(wants(0, beta), wants(0))?.metadata.annotations ?? {};
    expect(Object.keys(kept).toSorted()).toEqual([`${ACTIONS}.web`, "example.com/team", MANAGED].toSorted());
  });
});
