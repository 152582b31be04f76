/** A dashboard in tests: on the simulator's API server and a clock that is moved by hand, with people by their tokens. */
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";
import { testApi } from "../../test/apiServer.ts";
import type { Session } from "../model.ts";
import type { Auth, DashboardOptions } from "./http/options.ts";
import { createDashboard } from "./start.ts";

/** What a person may do, as `verb resource[/subresource] namespace`; "*" is all. */
export type Rights = readonly string[];

interface Review {
  readonly spec?: {
    readonly token?: string;
    readonly user?: string;
    readonly resourceAttributes?: {
      readonly verb?: string;
      readonly resource?: string;
      readonly subresource?: string;
      readonly namespace?: string;
    };
  };
}

/** @param given by token: the simulator knows nobody, so these are answered here */
export function testDashboard(
  given: Partial<DashboardOptions> = {},
  auth: Partial<Extract<Auth, { kind: "people" }>> = {},
) {
  const api = testApi({ namespaces: ["shop"], installed: true });
  const { clock } = api;
  const people = new Map<string, { readonly name: string; rights: Rights }>();
  /** Requests of each person, by token. */
  const sent = new Map<string, KubeRequest[]>();
  const reviewed: string[] = [];
  const reviewer: KubeClient = {
    ...api.client,
    async request<T>({ path, body }: KubeRequest) {
      const { spec = {} } = (body ?? {}) as Review;
      if (path.endsWith("/tokenreviews")) {
        reviewed.push(spec.token ?? "");
        const person = people.get(spec.token ?? "");
        const user = person === undefined ? {} : { user: { username: person.name, groups: ["team"] } };
        return { status: { authenticated: person !== undefined, ...user } } as T;
      }
      if (!path.endsWith("/subjectaccessreviews")) throw new Error(`The reviewer was used for ${path}`);
      const { verb = "", resource = "", subresource, namespace = "" } = spec.resourceAttributes ?? {};
      const what = `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
      const [, person] = [...people].find(([, { name }]) => name === spec.user) ?? [];
      const allowed = person?.rights.some((right) => right === "*" || right === `${what} ${namespace}`) === true;
      return { status: { allowed } } as T;
    },
    open: () => Promise.reject(new Error("The reviewer was used for a watch")),
  };
  const as = (token: () => string): KubeClient => {
    const noted = (request: KubeRequest): void => void sent.set(token(), [...(sent.get(token()) ?? []), request]);
    return {
      ...api.client,
      request(request) {
        noted(request);
        return api.client.request(request);
      },
      open(request) {
        noted(request);
        return api.client.open(request);
      },
    };
  };
  const logged: string[] = [];
  const line = (text: string, fields?: object): void => void logged.push(`${text} ${JSON.stringify(fields ?? {})}`);
  const dashboard = createDashboard({
    client: reviewer,
    auth: { kind: "people", as, isTokenLogin: true, oidc: undefined, idleMs: 3_600_000, mostMs: 43_200_000, ...auth },
    clock,
    log: { debug: line, info: line, warn: line, error: line },
    version: "1.2.3",
    root: "/rollouts",
    isReadOnly: false,
    hosts: undefined,
    origin: undefined,
    reviewMs: 30_000,
    pages: async () => new Map([["index.html", { body: "<html><head></head></html>", type: "text/html" }]]),
    ...given,
  });
  const ask = (path: string, init: RequestInit = {}, address = "192.0.2.1"): Promise<Response> => {
    const request = new Request(`http://dashboard.example${path}`, init);
    request.headers.set("host", "dashboard.example");
    return dashboard.answer({ request, address, isSecure: false });
  };
  const ours = (path: string, init: RequestInit = {}, address?: string): Promise<Response> =>
    ask(`/rollouts/api/sluice/${path}`, init, address);
  const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}, address?: string) =>
    ours(
      path,
      { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } },
      address,
    );
  const sessionWith = async (headers: Readonly<Record<string, string>>): Promise<Session> =>
    (await (await ours("session", { headers })).json()) as Session;
  const login = async (token: string) => {
    const { csrf } = await sessionWith({});
    const response = await post("login", { token }, { "x-csrf-token": csrf });
    const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const session = await sessionWith({ cookie });
    return { response, cookie, session, headers: { cookie, "x-csrf-token": session.csrf } };
  };
  return { ...api, dashboard, people, sent, reviewed, logged, ask, ours, post, login, sessionWith };
}

export type TestDashboard = ReturnType<typeof testDashboard>;
