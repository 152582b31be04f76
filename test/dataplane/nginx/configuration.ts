/**
 * What nginx is configured to do for Ingresses, as the documentation of ingress-nginx says it
 * (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary) and its balancer does it:
 * a canary Ingress gives a second Service to the host and path of another Ingress. Its header decides before its cookie,
 * and that before its weight. A canary without a ready pod is passed over; a main Service without one is 503, whatever
 * the canary has. Pure.
 */
import type { KubeObject } from "../../cluster/harness/api.ts";

export interface Ingress extends KubeObject {
  readonly spec: {
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths: readonly IngressPath[] };
    }[];
  };
}

interface IngressPath {
  readonly path?: string;
  readonly backend: {
    readonly service: { readonly name: string; readonly port: { readonly number?: number; readonly name?: string } };
  };
}

export interface Service extends KubeObject {
  readonly spec: { readonly ports: readonly { readonly name?: string; readonly port: number }[] };
}

export interface Slice extends KubeObject {
  readonly endpoints?:
    readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[] | null;
  readonly ports?: readonly { readonly name?: string; readonly port: number }[] | null;
}

/** What it is made from. */
export interface Cluster {
  readonly ingresses: readonly Ingress[];
  readonly services: readonly Service[];
  readonly slices: readonly Slice[];
}

/** Where requests of one host and path go. */
export interface Route {
  readonly host: string;
  readonly path: string;
  /** `address:port` of each ready pod. */
  readonly stable: readonly string[];
  readonly canary: Canary | undefined;
}

export interface Canary {
  readonly pods: readonly string[];
  readonly weight: number;
  readonly total: number;
  readonly header?: string;
  /** Without it, the header says `always` or `never`. */
  readonly headerValue?: string;
  readonly cookie?: string;
}

const PREFIX = "nginx.ingress.kubernetes.io/canary";
const annotation = ({ metadata }: KubeObject, suffix: string): string | undefined => {
  const value = metadata.annotations?.[PREFIX + suffix];
  return value === "" ? undefined : value;
};
const isCanary = (ingress: Ingress): boolean => annotation(ingress, "") === "true";

function readyPods({ backend: { service: wanted } }: IngressPath, { services, slices }: Cluster): string[] {
  const service = services.find(({ metadata }) => metadata.name === wanted.name);
  const port = service?.spec.ports.find(
    ({ name, port: number }) => number === wanted.port.number || (name !== undefined && name === wanted.port.name),
  );
  if (port === undefined) return [];
  return slices
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === wanted.name)
    .flatMap(({ endpoints, ports }) => {
      const target = ports?.find(({ name = "" }) => name === (port.name ?? ""))?.port;
      const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return target === undefined ? [] : ready.flatMap(({ addresses }) => addresses.map((ip) => `${ip}:${target}`));
    })
    .toSorted();
}

const pathsOf = (ingress: Ingress) =>
  (ingress.spec.rules ?? []).flatMap(({ host = "", http }) =>
    (http?.paths ?? []).map((path) => ({ ingress, host, path, at: path.path ?? "/" })),
  );

function canaryOf(ingress: Ingress, path: IngressPath, cluster: Cluster): Canary {
  const header = annotation(ingress, "-by-header");
  const headerValue = annotation(ingress, "-by-header-value");
  const cookie = annotation(ingress, "-by-cookie");
  const total = Number(annotation(ingress, "-weight-total") ?? 100);
  return {
    pods: readyPods(path, cluster),
    weight: Number(annotation(ingress, "-weight") ?? 0),
    // As its balancer: a total below 100 counts as 100.
    total: Math.max(100, total),
    ...(header === undefined ? {} : { header }),
    ...(headerValue === undefined ? {} : { headerValue }),
    ...(cookie === undefined ? {} : { cookie }),
  };
}

/** The routes of all Ingresses; a canary Ingress that matches no other is no route. */
export function routesOf(cluster: Cluster): Route[] {
  const canaries = cluster.ingresses.filter(isCanary).flatMap(pathsOf);
  return cluster.ingresses
    .filter((ingress) => !isCanary(ingress))
    .flatMap(pathsOf)
    .map(({ host, at, path }) => {
      const canary = canaries.find((other) => other.host === host && other.at === at);
      return {
        host,
        path: at,
        stable: readyPods(path, cluster),
        canary: canary && canaryOf(canary.ingress, canary.path, cluster),
      };
    });
}

const upstream = (name: string, pods: readonly string[]): string[] =>
  pods.length === 0
    ? []
    : [
        `  upstream ${name} {`,
        // A pod that cannot be reached is a failure to be seen, never one to be hidden by other pods.
        ...pods.map((pod) => `    server ${pod} max_fails=0;`),
        "    keepalive 64;",
        "  }",
      ];

/** `map` of a request's value to the upstreams by which it is decided; else to what is asked next. */
const decide = (from: string, to: string, answers: Readonly<Record<string, string>>, otherwise: string): string[] => [
  `  map ${from} ${to} {`,
  ...Object.entries(answers).map(([value, name]) => `    ${JSON.stringify(value)} ${name};`),
  `    default ${otherwise};`,
  "  }",
];

function share({ weight, total }: Canary): string {
  if (weight <= 0) return "";
  return weight >= total ? "*" : `${((100 * weight) / total).toFixed(2)}%`;
}

function choice(route: Route, id: number): string[] {
  const [stable, canary] = [`stable_${id}`, `canary_${id}`];
  const rules = route.canary;
  if (rules === undefined || rules.pods.length === 0) return decide('""', `$upstream_${id}`, {}, stable);
  const word = { always: canary, never: stable };
  const byWeight = share(rules);
  const header = rules.header?.toLowerCase().replaceAll("-", "_");
  return [
    `  split_clients $request_id $by_weight_${id} {`,
    ...(byWeight === "" ? [] : [`    ${byWeight} ${canary};`]),
    ...(byWeight === "*" ? [] : [`    * ${stable};`]),
    "  }",
    ...decide(
      rules.cookie === undefined ? '""' : `$cookie_${rules.cookie}`,
      `$by_cookie_${id}`,
      rules.cookie === undefined ? {} : word,
      `$by_weight_${id}`,
    ),
    ...decide(
      header === undefined ? '""' : `$http_${header}`,
      `$upstream_${id}`,
      header === undefined ? {} : rules.headerValue === undefined ? word : { [rules.headerValue]: canary },
      `$by_cookie_${id}`,
    ),
  ];
}

const location = (route: Route, id: number): string[] => [
  `    location ${route.path} {`,
  route.stable.length === 0 ? "      return 503;" : `      proxy_pass http://$upstream_${id};`,
  "    }",
];

/** The blocks of `http` for these routes; servers listen at `listen`, as `address:port`. */
export function configurationOf(routes: readonly Route[], listen: string): string {
  const numbered = routes.map((route, id) => ({ route, id }));
  const hosts = new Set(routes.map(({ host }) => host));
  return [
    ...numbered.flatMap(({ route, id }) => [
      ...upstream(`stable_${id}`, route.stable),
      ...upstream(`canary_${id}`, route.canary?.pods ?? []),
      ...choice(route, id),
    ]),
    ...Array.from(hosts, (host) => [
      "  server {",
      `    listen ${listen};`,
      `    server_name ${JSON.stringify(host)};`,
      ...numbered.filter(({ route }) => route.host === host).flatMap(({ route, id }) => location(route, id)),
      "  }",
    ]).flat(),
  ].join("\n");
}
