/** A Rollout whose traffic is divided by all routers with kinds of their own at once, with the rights of a controller. */
import { expect } from "bun:test";
import { join } from "node:path";
import { GATEWAY_ROUTES } from "./gatewayRows.ts";
import type { Harness } from "./harness.ts";
import { sharedDir } from "./kubeBinary.ts";
import { LOOSE_KINDS } from "./looseKinds.ts";
import { collectionOf, type Live } from "./recordedNamespace.ts";
import type { RoutedRow } from "./routedRow.ts";
import { OWN_KINDS } from "./routedRows.ts";
import { begin, expectAsInGit, isHealthy, isPausedAt, kindsOf, liveGit, routesOf } from "./routedStory.ts";
import { until } from "./until.ts";
import { abort, setImage } from "./userActions.ts";

/** What `routed.ts` has, and the versions that only a flag asks for. */
const isElsewhere = ({ title, second }: RoutedRow): boolean => /^(NGINX|ALB|SMI)/.test(title) || second === true;

const ROWS = [...OWN_KINDS.filter((row) => !isElsewhere(row)), ...GATEWAY_ROUTES];
const rowsOf = (...beginnings: readonly string[]): readonly RoutedRow[] =>
  ROWS.filter(({ title }) => beginnings.some((beginning) => title.startsWith(beginning)));

/** The routers' own CRDs, but for SMI's, whose version the flags of a plain installation do not name. */
export async function defineRouters(
  { kubectl, api }: Pick<Harness, "kubectl" | "api">,
  rows: readonly RoutedRow[] = ROWS,
  files: readonly string[] = ["ambassador", "apisix", "appmesh", "gateway-api", "istio", "traefik"],
): Promise<void> {
  const given = files.flatMap((file) => ["-f", join(sharedDir(), "crds", `${file}.yaml`)]);
  const loose = JSON.stringify({ apiVersion: "v1", kind: "List", items: LOOSE_KINDS });
  for (const [args, stdin] of [
    [["apply", "--server-side", ...given], undefined],
    [["apply", "--server-side", "-f", "-"], loose],
  ] as const) {
    const { code, stderr } = await kubectl([...args], stdin);
    expect([args.join(" "), code === 0 ? "" : stderr]).toEqual([args.join(" "), ""]);
  }
  // The condition Established comes a moment before objects of a kind can be read.
  for (const [apiVersion, kind] of rows.flatMap(kindsOf)) {
    const path = collectionOf(apiVersion, kind, "default");
    await until(`${kind}s are served`, async () => (await api.answer("GET", path)).status === 200, 30_000);
  }
}

/** One Rollout names them all; an abort, and its deletion in the middle of an update, leave what was in Git. */
export async function divideByEveryOther(cluster: Harness): Promise<void> {
  await defineRouters(cluster);
  const parts = [
    ...rowsOf("Istio by subsets", "Ambassador", "App Mesh", "Traefik by a TraefikService", "APISIX"),
    ...rowsOf("Gateway API, an HTTPRoute", "Gateway API, a GRPC", "Gateway API, a TCP", "Gateway API, a TLS"),
  ];
  const [ingressRoute] = rowsOf("Traefik by an IngressRoute");
  const plugins = { httpRoute: "web", grpcRoute: "web", tcpRoute: "web", tlsRoute: "web" };
  const row: RoutedRow = {
    title: "all",
    git: [...parts, ...rowsOf("Traefik by an IngressRoute")].flatMap(({ git }) => git),
    routing: Object.assign({}, ...parts.map(({ routing }) => routing), {
      plugins: { "argoproj-labs/gatewayAPI": plugins },
    }) as object,
    routes: { header: true },
    absent: { condition: "TrafficRoutingFailure", says: "" },
    weights: (live) => [...new Set(parts.map(({ weights }) => weights(live)))].join(" "),
    managed: (live) => [...new Set(parts.flatMap(({ managed }) => managed(live)))],
    foreign: { of: "", patch: {} },
    wrong: { of: "", at: "", value: 0 },
    ignored: (one) => parts.reduce((left, { ignored }) => ignored?.(left) ?? left, one),
  };
  const played = await begin(cluster, row, {
    topic: "install",
    steps: [{ setWeight: 20 }, ...routesOf(row), { pause: {} }],
    canary: { abortScaleDownDelaySeconds: 1 },
  });
  const { world, seen } = played;
  const isDivided = (live: Live): boolean => row.weights(live) === "80/20" && row.managed(live).join() === "beta";
  const before = await liveGit(played);
  await seen.until("Healthy", isHealthy);
  await setImage(world, "web", "web:2");
  await seen.until("at its pause", isPausedAt(2));
  await seen.until("all divide", isDivided, 20_000);
  await abort(world, "web");
  await seen.until("all have given it back", (live) => row.weights(live) === "100/0" && row.managed(live).length === 0);
  await setImage(world, "web", "web:3");
  await seen.until("at its pause again", isPausedAt(2));
  await seen.until("all divide again", isDivided, 20_000);
  const traefik = ingressRoute?.routing;
  await world.patch("web", { spec: { strategy: { canary: { trafficRouting: traefik } } } });
  await seen.until("an IngressRoute instead", (live) => ingressRoute?.weights(live) === "80/20", 20_000);
  await cluster.api.delete(world.path("Rollout", "web"));
  await seen.until("nothing is divided", (live) => {
    return row.weights(live) === "100/0" && ingressRoute?.weights(live) === "100/0" && row.managed(live).length === 0;
  });
  await expectAsInGit(played, before);
  seen.stop();
}
