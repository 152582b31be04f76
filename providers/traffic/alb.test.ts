import { expect, test } from "bun:test";
import { join } from "node:path";
import { expectGolden } from "../../test/golden/timeline.ts";
import { type RoutingStory, routedBy, byDefault, routingStories, wanting } from "../../test/golden/routingStories.ts";
import { alb } from "./alb.ts";

const MANAGED = "rollouts.argoproj.io/managed-alb-annotations";
const ACTION = "alb.ingress.kubernetes.io/actions";

/** An Ingress with a rule that leads to the backend. */
const ingress = (name: string, backend: string, annotations: Readonly<Record<string, string>> = {}) => ({
  metadata: { name, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
  spec: {
    ingressClassName: "alb",
    rules: [
      { host: "bare.example" },
      {
        http: {
          paths: [
            {
              path: "/*",
              pathType: "ImplementationSpecific",
              backend: { service: { name: backend, port: { name: "use-annotation" } } },
            },
          ],
        },
      },
    ],
  },
});
const one = routedBy({ alb: { ingress: "shop", servicePort: 443 } });
const targets = [
  { ServiceName: "web-next", ServicePort: "443", Weight: 50 },
  { ServiceName: "web", ServicePort: "443", Weight: 50 },
];
const split = JSON.stringify({ Type: "forward", ForwardConfig: { TargetGroups: targets } });
const pingPong = { pingPong: { pingService: "ping", pongService: "pong" } };
const rooted = { alb: { ingress: "shop", servicePort: 80, rootService: "root" } };

const stories: readonly RoutingStory[] = [
  {
    sentence: "An action of the stable Service's name divides the traffic",
    rollout: one,
    objects: [ingress("shop", "web")],
    wants: [wanting(0), wanting(10), wanting(100), wanting(0)],
  },
  {
    sentence: "A root Service gives the action its name",
    rollout: routedBy(rooted),
    objects: [ingress("shop", "root")],
    wants: [wanting(10)],
  },
  {
    sentence: "Experiments get their part of what was stable's",
    rollout: one,
    objects: [ingress("shop", "web")],
    wants: [
      wanting(10, {
        additional: [
          { serviceName: "web-a", podTemplateHash: "a", weight: 5 },
          { serviceName: "web-b", podTemplateHash: "b", weight: 0 },
        ],
      }),
      wanting(90, { additional: [{ serviceName: "web-a", podTemplateHash: "a", weight: 20 }] }),
      wanting(20),
    ],
  },
  {
    sentence: "Stickiness and a prefix of one's own",
    rollout: routedBy({
      alb: {
        ingress: "shop",
        servicePort: 443,
        annotationPrefix: "alb.example",
        stickinessConfig: { enabled: true, durationSeconds: 604800 },
      },
    }),
    objects: [ingress("shop", "web")],
    wants: [wanting(10)],
  },
  {
    sentence: "Stickiness that is switched off",
    rollout: routedBy({
      alb: { ingress: "shop", servicePort: 443, stickinessConfig: { enabled: false, durationSeconds: 0 } },
    }),
    objects: [ingress("shop", "web")],
    wants: [wanting(10)],
  },
  {
    sentence: "Stickiness that AWS would not take is told; the weight is written without it",
    rollout: routedBy({
      alb: { ingress: "shop", servicePort: 443, stickinessConfig: { enabled: true, durationSeconds: 604801 } },
    }),
    objects: [ingress("shop", "web")],
    wants: [wanting(10)],
  },
  {
    sentence: "Ping-pong: pong is stable at first, even beside a stable Service",
    rollout: routedBy(rooted, pingPong),
    objects: [ingress("shop", "root")],
    wants: [wanting(10)],
  },
  {
    sentence: "Ping-pong: ping is stable when the status says so",
    rollout: { ...routedBy(rooted, pingPong), status: { canary: { stablePingPong: "ping" } } },
    objects: [ingress("shop", "root")],
    wants: [wanting(10)],
  },
  {
    sentence: "All Ingresses in one go, those behind one that is right already included",
    rollout: routedBy({ alb: { ingresses: ["a", "b", "c", "a"], servicePort: 80 } }),
    objects: [
      ingress("a", "web", {
        [`${ACTION}.web`]:
          '{"Type":"forward","ForwardConfig":{"TargetGroups":[{"ServiceName":"web-next","ServicePort":"80","Weight":10},{"ServiceName":"web","ServicePort":"80","Weight":90}]}}',
        [MANAGED]: `{"web":["${ACTION}.web"]}`,
      }),
      ingress("b", "web"),
      ingress("c", "web"),
    ],
    wants: [wanting(10)],
  },
  {
    sentence: "One of several cannot be had: the others follow all the same",
    rollout: routedBy({ alb: { ingresses: ["gone", "elsewhere", "shop"], servicePort: 80 } }),
    objects: [ingress("elsewhere", "docs"), ingress("shop", "web")],
    wants: [wanting(0)],
  },
  {
    sentence: "No rule for the action",
    rollout: one,
    objects: [ingress("shop", "docs")],
    wants: [wanting(10)],
  },
  {
    sentence: "An Ingress shared with other Rollouts, one of them with header routes",
    rollout: one,
    objects: [
      ingress("shop", "web", {
        [MANAGED]: `{"10":["${ACTION}.ten"],"9":["${ACTION}.nine","${ACTION}.beta","alb.ingress.kubernetes.io/conditions.beta"],"empty":null}`,
        "example.com/team": "shop",
      }),
    ],
    wants: [wanting(10)],
  },
  {
    sentence: "What was written for another root Service before gets no split any more; another Rollout's stays",
    rollout: one,
    objects: [
      ingress("shop", "web", {
        [`${ACTION}.old`]: split,
        [`${ACTION}.both`]: split,
        [MANAGED]: `{ "shop": ["${ACTION}.both"], "web": ["${ACTION}.old", "${ACTION}.both", "${ACTION}.web"] }`,
      }),
    ],
    wants: [wanting(10)],
  },
  {
    sentence: "A list that cannot be read is told, and stays; the weight is written",
    rollout: one,
    objects: [ingress("shop", "web", { [MANAGED]: '["web"]' })],
    wants: [wanting(10), wanting(0)],
  },
  {
    sentence: "Weights out of more than AWS knows are brought into its range",
    rollout: routedBy({ alb: { ingress: "shop", servicePort: 80 }, maxTrafficWeight: 10_000 }),
    objects: [ingress("shop", "web")],
    wants: [wanting(5, { total: 500 }), wanting(2_500, { total: 10_000 })],
  },
];

test("writes these annotations and no more", () => {
  expectGolden(join(import.meta.dir, "alb.golden.txt"), routingStories(alb, stories));
});

test("a change of an Ingress is news by its class", () => {
  const object = { metadata: { name: "shop", namespace: "default" }, spec: { ingressClassName: "alb-internal" } };
  expect(alb.heeds(object, byDefault)).toBe(false);
  expect(alb.heeds(object, { ...byDefault, albIngressClasses: ["alb-internal"] })).toBe(true);
});
