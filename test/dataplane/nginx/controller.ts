/**
 * A small Ingress controller for tests: follows the Ingresses, Services and EndpointSlices of one namespace, and
 * configures Debian's nginx from them (configuration.ts), reloaded without losing a request.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Api } from "../../cluster/harness/api.ts";
import { freePort } from "../../cluster/harness/ports.ts";
import { logTail } from "../../cluster/harness/processes.ts";
import { until } from "../../cluster/harness/until.ts";
import { follow } from "../follow.ts";
import type { PodAddresses } from "../podAddresses.ts";
import {
  type Cluster,
  configurationOf,
  type Ingress,
  type Route,
  routesOf,
  type Service,
  type Slice,
} from "./configuration.ts";

/** Debian puts it where only root's PATH leads. */
export const nginx = Bun.which("nginx", { PATH: `${Bun.env.PATH ?? ""}:/usr/sbin` });

export interface NginxPlane {
  readonly url: string;
  /** Waits until nginx works by the objects as they are now, and `holds` for the routes that they make. */
  serves(what: string, holds: (routes: readonly Route[]) => boolean): Promise<void>;
  /** How often it was configured. */
  reloads(): number;
  stop(): Promise<void>;
}

const paths = (namespace: string) =>
  ({
    ingresses: `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`,
    services: `/api/v1/namespaces/${namespace}/services`,
    slices: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
  }) as const;

/** Where nginx tells by which configuration a worker goes. */
const STATUS_HOST = "status.invalid";

const fileOf = (dir: string, listen: string, blocks: string): string => `
worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log notice;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  keepalive_requests 1000000;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  # One attempt: a request that reaches no pod has failed.
  proxy_next_upstream off;
  map_hash_bucket_size 128;
  server {
    listen ${listen} default_server;
    server_name ${STATUS_HOST};
    location / { return 200 "${generationOf(blocks)}"; }
  }
${blocks}
}
`;

const generationOf = (blocks: string): string => Bun.hash(blocks).toString(36);

/** Runs until its standard input closes, as it does when this process ends in any way; then ends nginx with its workers. */
const keeper = `"$@" & nginx=$!; read -r _; kill -TERM $nginx; wait $nginx`;

interface Process {
  reload(): void;
  stop(): Promise<void>;
  /** Whether no worker is left of an earlier configuration. */
  isAlone(): Promise<boolean>;
}

async function startProcess(program: string, dir: string): Promise<Process> {
  const file = join(dir, "nginx.conf");
  const log = Bun.file(join(dir, "output.log"));
  const command = [program, "-p", dir, "-c", file, "-e", join(dir, "error.log"), "-g", "daemon off;"];
  const shell = Bun.spawn(["sh", "-c", keeper, "sh", ...command], { stdio: ["pipe", log, log] });
  let pid = 0;
  const hasStarted = async (): Promise<boolean> => {
    pid = Number(
      await Bun.file(join(dir, "nginx.pid"))
        .text()
        .catch(() => ""),
    );
    return pid > 0;
  };
  await until("nginx has started", hasStarted, 10_000, () => logTail(join(dir, "error.log")));
  return {
    reload: () => void process.kill(pid, "SIGHUP"),
    isAlone: async () => (await Bun.file(`/proc/${pid}/task/${pid}/children`).text()).trim().split(/\s+/).length === 1,
    stop: async () => {
      await shell.stdin.end();
      await shell.exited;
    },
  };
}

/** Starts nginx on a free port of loopback for the Ingresses of the namespace. `dir`: for its files and logs. */
export async function startNginx(
  api: Api,
  namespace: string,
  addresses: PodAddresses,
  dir: string,
): Promise<NginxPlane> {
  if (nginx === null) throw new Error("Cannot start nginx: it is not installed");
  await mkdir(dir, { recursive: true });
  const listen = `127.0.0.1:${freePort()}`;
  const seen: { -readonly [kind in keyof Cluster]: Cluster[kind] } = { ingresses: [], services: [], slices: [] };
  let process_: Process | undefined;
  let written = "";
  let reloads = 0;
  const routes = (cluster: Cluster): Route[] =>
    routesOf({ ...cluster, slices: cluster.slices.map((slice) => moved(slice, addresses)) });
  const configure = async (): Promise<void> => {
    const blocks = configurationOf(routes(seen), listen);
    if (blocks === written) return;
    written = blocks;
    reloads++;
    await Bun.write(join(dir, "nginx.conf"), fileOf(dir, listen, blocks));
    process_?.reload();
  };
  let soon: ReturnType<typeof setTimeout> | undefined;
  const changed = (): void =>
    void (soon ??= setTimeout(() => {
      soon = undefined;
      void configure();
    }, 20));

  const path = paths(namespace);
  const followed = await Promise.all([
    follow<Ingress>(api, path.ingresses, (objects) => ((seen.ingresses = objects), changed())),
    follow<Service>(api, path.services, (objects) => ((seen.services = objects), changed())),
    follow<Slice>(api, path.slices, (objects) => ((seen.slices = objects), changed())),
  ]);
  await configure();
  process_ = await startProcess(nginx, dir);
  const url = `http://${listen}/`;
  const isAtWork = async (cluster: Cluster): Promise<boolean> => {
    const answer = await fetch(url, { headers: { host: STATUS_HOST }, keepalive: false });
    const wanted = generationOf(configurationOf(routes(cluster), listen));
    return (await answer.text()) === wanted && ((await process_?.isAlone()) ?? false);
  };
  return {
    url,
    reloads: () => reloads,
    serves: async (what, holds) => {
      const settled = async (): Promise<boolean> => {
        const cluster = await listed(api, path);
        return holds(routes(cluster)) && isAtWork(cluster);
      };
      await until(what, settled, 30_000, () => logTail(join(dir, "nginx.conf"), 80));
    },
    stop: async () => {
      for (const each of followed) each.stop();
      clearTimeout(soon);
      await process_?.stop();
    },
  };
}

async function listed(api: Api, path: ReturnType<typeof paths>): Promise<Cluster> {
  const [ingresses, services, slices] = await Promise.all([
    api.list<Ingress>(path.ingresses),
    api.list<Service>(path.services),
    api.list<Slice>(path.slices),
  ]);
  return { ingresses: ingresses.items, services: services.items, slices: slices.items };
}

const moved = (slice: Slice, addresses: PodAddresses): Slice => ({
  ...slice,
  endpoints: (slice.endpoints ?? []).map((endpoint) => ({
    ...endpoint,
    addresses: endpoint.addresses.map((ip) => addresses.of(ip)),
  })),
});
