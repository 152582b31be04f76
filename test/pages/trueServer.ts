/**
 * The true server of the dashboard on the cluster of the pictures, where people log in with tokens. The cluster knows no
 * users, so here is an API server's judgement of two tokens and of who may change what (test/cluster has the real one).
 */
import { createDashboard, serve } from "../../dashboard/server/start.ts";
import { pageFiles } from "../../dashboard/pages/assets.ts";
import { onlyErrors, startWorld, type World } from "../../docs/dashboard/world.ts";
import { type ApiError, refused } from "../../kube/client/apiError.ts";
import { targetOf } from "../../kube/client/target.ts";
import { status } from "../../kube/client/testing.ts";
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";

export const OWNER = "token-of-the-owner";
export const VIEWER = "token-of-the-viewer";
const NAMES: Readonly<Record<string, string>> = { [OWNER]: "olga@example.com", [VIEWER]: "vera@example.com" };

/** The viewer reads; the owner may do everything. */
const mayDo = (user: string, verb: string): boolean =>
  user === NAMES[OWNER] || (user === NAMES[VIEWER] && ["get", "list", "watch"].includes(verb));

interface Review {
  readonly spec: {
    readonly token?: string;
    readonly user?: string;
    readonly resourceAttributes?: { readonly verb: string };
  };
}

const VERBS: Readonly<Record<string, string>> = { POST: "create", PATCH: "patch", PUT: "update", DELETE: "delete" };

export interface TrueServer {
  readonly url: string;
  readonly world: World;
  /** From then on the API server takes this token no more. */
  revoke(token: string): void;
  stop(): Promise<void>;
}

const refusal = (request: KubeRequest, code: number, reason: string, message: string): ApiError =>
  refused(targetOf(request.method, request.path), code, status(code, reason, message), null);

function judged(client: KubeClient, revoked: ReadonlySet<string>, token: (() => string) | undefined): KubeClient {
  const nameOf = (given: string): string | undefined => (revoked.has(given) ? undefined : NAMES[given]);
  const check = (request: KubeRequest): void => {
    if (token === undefined) return;
    const user = nameOf(token());
    if (user === undefined) throw refusal(request, 401, "Unauthorized", "the token is not known");
    const verb = VERBS[request.method] ?? "get";
    if (!mayDo(user, verb)) throw refusal(request, 403, "Forbidden", `User "${user}" cannot ${verb} this`);
  };
  const review = (request: KubeRequest): unknown => {
    const { spec } = request.body as Review;
    if (request.path.endsWith("/tokenreviews")) {
      const username = nameOf(spec.token ?? "");
      return {
        status: username === undefined ? { authenticated: false } : { authenticated: true, user: { username } },
      };
    }
    return { status: { allowed: mayDo(spec.user ?? "", spec.resourceAttributes?.verb ?? "") } };
  };
  return {
    ...client,
    async request<T>(request: KubeRequest) {
      if (/\/(tokenreviews|subjectaccessreviews)$/.test(request.path)) return review(request) as T;
      check(request);
      return client.request<T>(request);
    },
    async open(request) {
      check(request);
      return client.open(request);
    },
  };
}

const HOUR_MS = 3_600_000;

export async function startTrueServer(): Promise<TrueServer> {
  const world = await startWorld();
  const revoked = new Set<string>();
  const dashboard = createDashboard({
    client: judged(world.client, revoked, undefined),
    auth: {
      kind: "people",
      as: (token) => judged(world.client, revoked, token),
      isTokenLogin: true,
      oidc: undefined,
      idleMs: HOUR_MS,
      mostMs: HOUR_MS,
    },
    clock: world.clock,
    log: onlyErrors,
    version: "0.0.0",
    root: "/rollouts",
    isReadOnly: false,
    hosts: undefined,
    origin: undefined,
    reviewMs: 2_000,
    pages: pageFiles,
  });
  const serving = serve(dashboard, { port: 0, address: "127.0.0.1", tls: undefined });
  world.run();
  return {
    url: `http://127.0.0.1:${serving.port}/rollouts/`,
    world,
    revoke: (token) => void revoked.add(token),
    async stop() {
      await serving.stop();
      world.stop();
    },
  };
}
