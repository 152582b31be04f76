/** Traefik, APISIX, Ambassador and App Mesh in a whole cluster in this process: a canary from its beginning to its end. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { manualClock } from "../../kube/clock/clock.ts";
import { TRAFFIC_SPLIT } from "../../schema/labels.ts";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import { type LocalCluster, startLocalCluster } from "../../simulator/local/localCluster.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { type SavedState, savedState } from "../../simulator/server/objects/saved.ts";
import {
  abort,
  blueGreen,
  canary,
  type Edit,
  image,
  pause,
  promoteFull,
  rolloutOf,
  setWeight,
  strategy,
} from "../../test/golden/edits.ts";
import type { Rollout } from "../../schema/rollout.ts";

const place = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" };
const DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io";
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const shared = process.env["SLUICE_SHARED"] ?? join(import.meta.dir, "../../../shared");

type Routing = NonNullable<NonNullable<RolloutStrategy["canary"]>["trafficRouting"]>;
type Object = Draft & { readonly spec: unknown };

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
}

interface Case {
  readonly title: string;
  readonly crds: string;
  readonly kinds: readonly Kind[];
  readonly routing: Routing;
  readonly objects: readonly Object[];
  /** "canary/stable" of each object that divides the traffic now. */
  readonly half: readonly string[];
  readonly whole: readonly string[];
}

const traefikKind = (group: string, kind: string, plural: string): Kind => ({
  group,
  version: "v1alpha1",
  kind,
  plural,
});
const meshKind = (kind: string, plural: string): Kind => ({
  group: "appmesh.k8s.aws",
  version: "v1beta2",
  kind,
  plural,
});
const of = ({ group, version, kind }: Kind, name: string, spec: object): Object => ({
  apiVersion: `${group}/${version}`,
  kind,
  metadata: { name, namespace: "default" },
  spec,
});

const traefikService = (group: string): Kind => traefikKind(group, "TraefikService", "traefikservices");
const ingressRoute = traefikKind("traefik.io", "IngressRoute", "ingressroutes");
const apisixRoute: Kind = { group: "apisix.apache.org", version: "v2", kind: "ApisixRoute", plural: "apisixroutes" };
const mapping: Kind = { group: "getambassador.io", version: "v2", kind: "Mapping", plural: "mappings" };
const virtualService = meshKind("VirtualService", "virtualservices");
const virtualRouter = meshKind("VirtualRouter", "virtualrouters");
const virtualNode = meshKind("VirtualNode", "virtualnodes");

const services = [
  { name: "stable", port: 80, weight: 100 },
  { name: "canary", port: 80, weight: 0 },
];
const backends = services.map(({ name, weight }) => ({ serviceName: name, servicePort: 80, weight }));
const weightedTargets = services.map(({ name, weight }) => ({ virtualNodeRef: { name }, weight }));
const node = (name: string): Object => of(virtualNode, name, { podSelector: { matchLabels: { app: "web" } } });

const byTraefik = (group: string): Case => ({
  title: `Traefik in ${group}`,
  crds: group === "traefik.io" ? "traefik" : "",
  kinds: [traefikService(group)],
  routing: { traefik: { weightedTraefikServiceName: "shop" } },
  objects: [of(traefikService(group), "shop", { weighted: { services } })],
  half: ["shop 50/50"],
  whole: ["shop 100/0"],
});

const cases: readonly Case[] = [
  byTraefik("traefik.io"),
  byTraefik("traefik.containo.us"),
  {
    title: "an IngressRoute",
    crds: "traefik",
    kinds: [ingressRoute],
    routing: { traefik: { weightedTraefikServiceName: "ingressroute/shop" } },
    objects: [of(ingressRoute, "shop", { routes: [{ kind: "Rule", match: "Path(`/`)", services }] })],
    half: ["shop 50/50"],
    whole: ["shop 100/0"],
  },
  {
    title: "APISIX",
    crds: "apisix",
    kinds: [apisixRoute],
    routing: { apisix: { route: { name: "shop", rules: ["r"] } } },
    objects: [of(apisixRoute, "shop", { http: [{ name: "r", match: { paths: ["/*"] }, backends }] })],
    half: ["shop 50/50"],
    whole: ["shop 100/0"],
  },
  {
    title: "Ambassador",
    crds: "ambassador",
    kinds: [mapping],
    routing: { ambassador: { mappings: ["shop"] } },
    objects: [of(mapping, "shop", { prefix: "/", service: "stable:80" })],
    half: ["shop-canary 50"],
    whole: [],
  },
  {
    title: "App Mesh",
    crds: "appmesh",
    kinds: [virtualService, virtualRouter, virtualNode],
    routing: {
      appMesh: {
        virtualService: { name: "shop" },
        virtualNodeGroup: { stableVirtualNodeRef: { name: "stable" }, canaryVirtualNodeRef: { name: "canary" } },
      },
    },
    objects: [
      of(virtualService, "shop", { provider: { virtualRouter: { virtualRouterRef: { name: "shop-router" } } } }),
      node("stable"),
      node("canary"),
      of(virtualRouter, "shop-router", {
        routes: [{ name: "r", httpRoute: { match: { prefix: "/" }, action: { weightedTargets } } }],
      }),
    ],
    half: ["shop-router 50/50"],
    whole: ["shop-router 100/0"],
  },
];

/** The project's own definitions where they are at hand: then what is written is checked by its schema. */
function definitions({ crds, kinds }: Case): readonly Draft[] {
  const file = join(shared, "crds", `${crds}.yaml`);
  if (crds !== "" && existsSync(file))
    return [Bun.YAML.parse(readFileSync(file, "utf8")) as Draft | readonly Draft[]].flat();
  return kinds.map(({ group, version, kind, plural }) => ({
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  }));
}

const routedBy = (trafficRouting?: Routing): RolloutStrategy =>
  canary([setWeight(50), pause()], {
    stableService: "stable",
    canaryService: "canary",
    ...(trafficRouting === undefined ? {} : { trafficRouting }),
  });

async function stage(given: Case, objects: readonly Object[] = given.objects) {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const start = (saved?: SavedState) => startLocalCluster({ clock, log, version: "0.0.0", saved });
  let cluster: LocalCluster = await start();
  for (const definition of definitions(given)) cluster.core.create(DEFINITIONS, definition);
  for (const name of ["stable", "canary"]) {
    const spec = { selector: { app: "web" }, ports: [{ port: 80 }] };
    cluster.core.create("services", { metadata: { name, namespace: "default" }, spec });
  }
  const put = (object: Object): void => {
    const kind = given.kinds.find((one) => one.kind === object.kind);
    cluster.core.create(`${kind?.plural}.${kind?.group}`, object);
  };
  objects.forEach(put);
  const rollout = (): Rollout => cluster.core.get(place) as unknown as Rollout;
  const edit = (change: Edit): void => {
    const next = change(rollout());
    if (next.status !== rollout().status)
      cluster.core.modify(place, (old) => ({ ...old, status: next.status }), { subresource: "status" });
    cluster.core.modify(place, (old) => ({ ...old, spec: next.spec }));
  };
  const all = () => given.kinds.flatMap(({ plural, group }) => cluster.core.list(`${plural}.${group}`));
  return {
    clock,
    get core() {
      return cluster.core;
    },
    put,
    rollout,
    edit,
    create(): void {
      const { uid: _, ...metadata } = rolloutOf({}).metadata;
      const draft = { ...rolloutOf({ replicas: 4, strategy: routedBy(given.routing) }), metadata };
      cluster.core.create(place.resource, draft as unknown as Draft);
    },
    async halfWay(): Promise<void> {
      this.create();
      await clock.advance(20_000);
      edit(image("web:2"));
      await clock.advance(20_000);
      expect(rollout().status?.phase).toBe("Paused");
    },
    splits: (): readonly string[] =>
      all().flatMap(({ metadata, ...rest }) => {
        const weights = [...JSON.stringify(rest).matchAll(/"weight":(\d+)/g)].map(([, weight]) => weight);
        return weights.length === 0 ? [] : [`${metadata.name} ${weights.join("/")}`];
      }),
    /** What users see of the objects in Git: names, annotations and specs. */
    pictures: (): readonly unknown[] =>
      all().map(({ metadata: { name, annotations = {} }, ...rest }) => ({ name, annotations, spec: rest["spec"] })),
    stop: () => cluster.stop(),
    async startAgain(): Promise<void> {
      cluster = await start(JSON.parse(JSON.stringify(savedState(cluster.core))) as SavedState);
      await clock.advance(10_000);
    },
  };
}
type Stage = Awaited<ReturnType<typeof stage>>;

const endings: readonly (readonly [what: string, end: (s: Stage) => void])[] = [
  ["trafficRouting is taken out", (s) => s.edit(strategy(routedBy()))],
  ["the strategy becomes blue-green", (s) => s.edit(strategy(blueGreen({ activeService: "stable" })))],
  ["the Rollout is deleted", (s) => void s.core.delete(place)],
];

describe.each([...cases])("a canary by $title", (given) => {
  const { half, whole, title } = given;
  const { title: mesh } = cases.at(-1) ?? given;

  test("divides the traffic, and leaves the objects as they were when it is promoted", async () => {
    const s = await stage(given);
    const before = s.pictures();
    await s.halfWay();
    expect(s.splits()).toEqual(half);
    expect(s.rollout().status?.canary?.weights?.canary.weight).toBe(50);
    s.edit(promoteFull);
    await s.clock.advance(60_000);
    expect(s.rollout().status?.phase).toBe("Healthy");
    expect(s.splits()).toEqual(whole);
    // VirtualNodes keep the version that they select.
    if (title !== mesh) expect(s.pictures()).toEqual(before);
    await s.stop();
  });

  test("gives the traffic back when it is aborted, and goes on with a third version", async () => {
    const s = await stage(given);
    await s.halfWay();
    s.edit(abort);
    await s.clock.advance(5_000);
    expect(s.splits()).toEqual(whole);
    s.edit(image("web:3"));
    await s.clock.advance(60_000);
    expect(s.splits()).toEqual(half);
    await s.stop();
  });

  test.each([...endings])("leaves no split in the middle of an update because %s", async (_, end) => {
    const s = await stage(given);
    await s.halfWay();
    end(s);
    await s.clock.advance(60_000);
    expect(s.splits()).toEqual(whole);
    expect(JSON.stringify(s.pictures())).not.toContain(TRAFFIC_SPLIT);
    await s.stop();
  });

  test.each([...endings])("leaves no split while no controller runs because %s", async (_, end) => {
    const s = await stage(given);
    await s.halfWay();
    await s.stop();
    end(s);
    await s.startAgain();
    expect(s.splits()).toEqual(whole);
    await s.stop();
  });

  test("waits for its object, and goes on by itself when that comes", async () => {
    const s = await stage(given, []);
    s.create();
    await s.clock.advance(20_000);
    s.edit(image("web:2"));
    await s.clock.advance(20_000);
    const reason = () => s.rollout().status?.conditions?.find(({ type }) => type === "TrafficRoutingFailure")?.message;
    expect(reason()).toMatch(/not found|missing/);
    given.objects.forEach(s.put);
    await s.clock.advance(30_000);
    expect(s.splits()).toEqual(half);
    expect(reason()).toBeUndefined();
    await s.stop();
  });
});

test("a VirtualRouter that the Rollout's VirtualService does not name any more splits no more", async () => {
  const given = cases.at(-1);
  if (given?.routing.appMesh === undefined) throw new Error("no App Mesh");
  const other = given.objects
    .filter(({ kind }) => kind !== "VirtualNode")
    .map((object) => JSON.parse(JSON.stringify(object).replaceAll('"shop', '"other')) as Object);
  const s = await stage(given, [...given.objects, ...other]);
  await s.halfWay();
  s.edit(strategy(routedBy({ appMesh: { ...given.routing.appMesh, virtualService: { name: "other" } } })));
  await s.clock.advance(60_000);
  expect(s.splits().toSorted()).toEqual(["other-router 50/50", "shop-router 100/0"]);
  const marked = s.pictures().filter((picture) => JSON.stringify(picture).includes(TRAFFIC_SPLIT));
  expect(marked.map((picture) => (picture as { name: string }).name)).toEqual(["other-router", "canary", "stable"]);
  await s.stop();
});
