/** For unit tests that need an API server which answers as Kubernetes does: the simulator's, on a manual clock. */
import { type ApiError, refused } from "../kube/client/apiError.ts";
import { targetOf } from "../kube/client/target.ts";
import { status } from "../kube/client/testing.ts";
import type { KubeClient, KubeRequest } from "../kube/client/transport.ts";
import { type ManualClock, manualClock } from "../kube/clock/clock.ts";
import { crds } from "../schema/crd.ts";
import type { ApiCore, Draft } from "../simulator/model/model.ts";
import { inProcessClient } from "../simulator/server/http/client.ts";
import type { Admission } from "../simulator/server/objects/admissionPort.ts";
import { createApiServer } from "../simulator/server/requests/inMemoryServer.ts";

export interface TestApiOptions {
  readonly clock?: ManualClock;
  /** Those beside the namespaces that every cluster has. */
  readonly namespaces?: readonly string[];
  /** Whether the kinds of argoproj.io are installed: not by default, as few tests need them and it takes time. */
  readonly installed?: boolean;
  readonly admit?: Admission;
  /** [0, 1), for uids and generated names; Math.random by default. */
  readonly random?: () => number;
}

export interface TestApi {
  readonly clock: ManualClock;
  /** For what other clients do. */
  readonly core: ApiCore;
  readonly client: KubeClient;
  /** Every request of the client, those of watches and those that `hook.before` refused included. */
  readonly requests: KubeRequest[];
  /** Called before each request is answered. What it throws is the answer: so a test makes the API server fail. */
  readonly hook: { before: (request: KubeRequest) => void };
}

export function testApi(options: TestApiOptions = {}): TestApi {
  const { clock = manualClock(Date.UTC(2026, 0, 1)), namespaces = [], installed = false, ...others } = options;
  const server = createApiServer({ ...others, clock, frozen: true });
  const { core } = server;
  for (const name of namespaces) core.create("namespaces", { metadata: { name } });
  if (installed) installDefinitions(core);
  const requests: KubeRequest[] = [];
  const hook: TestApi["hook"] = { before: () => {} };
  const inner = inProcessClient({ server, clock, userAgent: "sluice" });
  const seen = (request: KubeRequest): void => {
    requests.push(request);
    hook.before(request);
  };
  const client: KubeClient = {
    ...inner,
    async request<T>(request: KubeRequest) {
      seen(request);
      return inner.request<T>(request);
    },
    async open(request) {
      seen(request);
      return inner.open(request);
    },
  };
  return { clock, core, client, requests, hook };
}

export function installDefinitions(core: ApiCore): void {
  for (const definition of crds as readonly Draft[]) {
    core.create("customresourcedefinitions.apiextensions.k8s.io", definition);
  }
}

/** The last part of the path, or the name of the object that is created: "PUT lock". */
export const shortly = ({ method, path, body }: KubeRequest): string =>
  `${method} ${method === "POST" ? (body as Draft).metadata?.name : path.split("/").at(-1)}`;

/** The error of a request that the API server answers with this code and reason. */
export const refusal = (request: KubeRequest, code: number, reason: string, message = "no", more = {}): ApiError =>
  refused(targetOf(request.method, request.path), code, status(code, reason, message, more), null);
