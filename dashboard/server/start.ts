/** The dashboard's server: every request passes the same guard, then goes to a page, our API or the reference's. */
import { createAttempts } from "./auth/bucket.ts";
import { createPeople } from "./auth/people.ts";
import { createSessions } from "./auth/sessions.ts";
import { SECURITY_HEADERS } from "./guard/headers.ts";
import { originProblem } from "./guard/origin.ts";
import { type Arrived, createCallers } from "./http/caller.ts";
import { createLogins } from "./http/login.ts";
import type { DashboardOptions } from "./http/options.ts";
import { createPages } from "./http/pages.ts";
import { createRoutes } from "./http/routes.ts";
import { createBoards } from "./live/boards.ts";
import { createSlots } from "./live/slots.ts";
import { createReferenceApi } from "./reference/api.ts";

export interface Listening {
  readonly port: number;
  readonly address: string;
  /** PEM; undefined: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

export interface Dashboard {
  /** Answers one request, for tests without a socket, too. */
  answer(arrived: Arrived): Promise<Response>;
  stop(): void;
  /** Sessions and boards that are open, for tests. */
  readonly open: () => { readonly sessions: number; readonly boards: number };
}

const HOUR_MS = 3_600_000;

export function createDashboard(options: DashboardOptions): Dashboard {
  const { client, auth, clock, reviewMs, root } = options;
  const isPeople = auth.kind === "people";
  const as = isPeople ? auth.as : () => client;
  const people = createPeople({ reviewer: client, as, clock, reviewMs });
  const limits = isPeople ? auth : { idleMs: HOUR_MS, mostMs: HOUR_MS };
  const sessions = createSessions(people, clock, limits);
  const attempts = createAttempts(clock);
  const callers = createCallers({ options, people, sessions, attempts });
  const logins = createLogins({ options, people, sessions, attempts });
  const boards = createBoards(clock);
  const slots = createSlots();
  const ours = createRoutes({ options, people, callers, logins, boards, slots });
  const reference = createReferenceApi({ options, people, callers, boards, slots });
  const pages = createPages(options.pages, root);
  const routed = async (arrived: Arrived): Promise<Response> => {
    const pathname = pathOf(arrived.request.url);
    if (pathname === undefined) return new Response("the Host header is not a name\n", { status: 400 });
    if (pathname === "/healthz") return new Response("ok\n", { headers: { "content-type": "text/plain" } });
    if (pathname === "/" && root !== "") return new Response(null, { status: 302, headers: { location: `${root}/` } });
    if (pathname !== root && !pathname.startsWith(`${root}/`)) return new Response("not found\n", { status: 404 });
    const path = pathname.slice(root.length + 1);
    const { hosts, origin } = options;
    const isCallback = path === "api/sluice/oidc/callback";
    const { method, headers } = arrived.request;
    // The provider sends the browser back from its own site: what it brings is bound to this browser by a cookie.
    const isNavigation = !path.startsWith("api/") && headers.get("sec-fetch-mode") === "navigate";
    const seen = isCallback || isNavigation ? withoutSite(headers) : headers;
    const problem = originProblem({ method, headers: seen, isSecure: arrived.isSecure }, { hosts, origin });
    if (problem !== undefined)
      return new Response(JSON.stringify(problem), {
        status: 403,
        headers: { "content-type": "application/json", "cache-control": "no-store" },
      });
    if (path.startsWith("api/sluice/")) return ours(arrived, path.slice("api/sluice/".length));
    if (path.startsWith("api/v1/")) return reference(arrived, path.slice("api/v1/".length));
    return pages.answer(arrived.request, path);
  };
  return {
    async answer(arrived) {
      const response = await routed(arrived).catch((error: unknown) => {
        options.log.error("A request of the dashboard failed", {
          error: error instanceof Error ? error.stack : String(error),
        });
        return new Response("internal error: the log has it\n", { status: 500 });
      });
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
      return response;
    },
    stop() {
      sessions.stop();
      people.stop();
      boards.stop();
    },
    open: () => ({ sessions: sessions.size, boards: boards.size }),
  };
}

/** Undefined: the Host header is missing, or is none. */
const pathOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).pathname : undefined);

function withoutSite(headers: Headers): Headers {
  const copy = new Headers(headers);
  copy.delete("sec-fetch-site");
  return copy;
}

export interface Serving {
  readonly port: number;
  stop(): Promise<void>;
}

/** Seconds; a stream has a heartbeat more often. */
const IDLE_SECONDS = 60;
const MOST_BODY_BYTES = 131_072;

/** @throws when the port is taken */
export function serve(dashboard: Dashboard, { port, address, tls }: Listening): Serving {
  // Without `development: false`: with it Bun lets another process listen on the same port, and shares requests out.
  const server = Bun.serve({
    port,
    hostname: address,
    ...(tls === undefined ? {} : { tls }),
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: MOST_BODY_BYTES,
    fetch: (request, bun) =>
      dashboard.answer({
        request,
        address: bun.requestIP(request)?.address ?? "",
        isSecure: tls !== undefined || request.headers.get("x-forwarded-proto") === "https",
      }),
  });
  return {
    port: server.port ?? port,
    async stop() {
      dashboard.stop();
      await server.stop(true);
    },
  };
}
