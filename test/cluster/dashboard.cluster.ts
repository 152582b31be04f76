/** The dashboard on a real API server: each sees and does what RBAC says, and a page of another site gets nothing. */
import { afterAll, expect, test } from "bun:test";
import { connected } from "../../cli/connection.ts";
import { deniedText } from "../../dashboard/server/live/live.ts";
import { createDashboard, serve, type Serving } from "../../dashboard/server/start.ts";
import type { Auth, DashboardOptions } from "../../dashboard/server/http/options.ts";
import type { Detail, Overview, Preview, Session } from "../../dashboard/model.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import { dashboard } from "../../manifests/dashboardWorkload.ts";
import type { Api, KubeObject } from "./harness/api.ts";
import { harness } from "./harness/harness.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { setImage } from "./harness/userActions.ts";

const steps = [{ setWeight: 50 }, { pause: {} }];
const rollout = rolloutOf("web", { canary: { steps } }, { replicas: 2 });
const rbac = "/apis/rbac.authorization.k8s.io/v1";

const running: Serving[] = [];
afterAll(async () => {
  for (const serving of running) await serving.stop();
});

/** The token of the ServiceAccount that is shipped, with the rights that are shipped and no others. */
async function shippedToken(): Promise<string> {
  const { api } = await harness();
  const account = dashboard.find(({ kind }) => kind === "ServiceAccount");
  const { name, namespace } = account?.metadata ?? { name: "" };
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  const places: Readonly<Record<string, string>> = {
    ServiceAccount: accounts,
    ClusterRole: `${rbac}/clusterroles`,
    ClusterRoleBinding: `${rbac}/clusterrolebindings`,
  };
  for (const object of dashboard) {
    const place = places[object.kind];
    if (place !== undefined) await api.create(place, withoutWhy(object)).catch(alreadyThere);
  }
  return tokenOf(api, `${accounts}/${name}`);
}

async function tokenOf(api: Api, account: string): Promise<string> {
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3_600 } };
  const made = (await api.create(`${account}/token`, request)) as unknown as {
    readonly status: { readonly token: string };
  };
  return made.status.token;
}

/** A dashboard that asks who somebody is with the rights that are shipped; or, `own`, one for the harness' user. */
async function started(given: Partial<DashboardOptions> = {}, own = false): Promise<string> {
  const { kubeconfig } = await harness();
  const connection = await connected({ kubeconfig }, { version: "0.0.0-test", clock: systemClock });
  const as = connection.as ?? (() => connection.client);
  const shipped = own ? "" : await shippedToken();
  const people: Auth = {
    kind: "people",
    as,
    isTokenLogin: true,
    oidc: undefined,
    idleMs: 3_600_000,
    mostMs: 3_600_000,
  };
  const made = createDashboard({
    client: own ? connection.client : as(() => shipped),
    auth: own ? { kind: "kubeconfig", cluster: "a test", namespace: "default" } : people,
    clock: systemClock,
    log: { debug() {}, info() {}, warn() {}, error: console.error },
    version: "1.2.3",
    root: "/rollouts",
    isReadOnly: false,
    hosts: own ? new Set(["localhost", "127.0.0.1"]) : undefined,
    origin: undefined,
    reviewMs: 1_000,
    pages: async () => new Map([["index.html", { body: "<html><head></head></html>", type: "text/html" }]]),
    ...given,
  });
  const serving = serve(made, { port: 0, address: "127.0.0.1", tls: undefined });
  running.push(serving);
  return `http://127.0.0.1:${serving.port}`;
}

/** ServiceAccounts with the roles that are shipped, each with a token. */
async function people({ harness: { api }, namespace }: World) {
  const account = async (name: string, role?: string): Promise<string> => {
    await api.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name },
    });
    if (role !== undefined)
      await api.create(`${rbac}/namespaces/${namespace}/rolebindings`, {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `sluice-dashboard-${role}` },
        subjects: [{ kind: "ServiceAccount", name, namespace }],
      });
    return tokenOf(api, `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`);
  };
  return {
    reader: await account("reader", "reader"),
    promoter: await account("promoter", "promoter"),
    nobody: await account("nobody"),
    leaver: await account("leaver", "promoter"),
  };
}

const withoutWhy = (value: object): object =>
  JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === "why" ? undefined : member))) as object;

function alreadyThere(error: unknown): void {
  if (!String(error).includes("already exists")) throw error;
}

interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function ask(url: string, { method = "GET", body, headers = {} }: Asked = {}) {
  const response = await fetch(url, {
    method,
    redirect: "manual",
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers };
}

/** The first event of a stream, and what ends it. */
async function firstEvent(url: string, headers: Readonly<Record<string, string>>): Promise<[string, unknown]> {
  const events = openEvents(url, headers);
  try {
    return await events.next();
  } finally {
    events.end();
  }
}

function openEvents(url: string, headers: Readonly<Record<string, string>>) {
  const ending = new AbortController();
  const response = fetch(url, { headers, signal: ending.signal });
  let rest = "";
  const reading = response.then(({ body }) =>
    (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader(),
  );
  return {
    async next(): Promise<[string, unknown]> {
      const reader = await reading;
      for (;;) {
        const at = rest.indexOf("\n\n");
        if (at >= 0) {
          const event = rest.slice(0, at);
          rest = rest.slice(at + 2);
          const [, name] = /^event: (.*)$/m.exec(event) ?? [];
          const [, data] = /^data: (.*)$/m.exec(event) ?? [];
          if (name !== undefined) return [name, JSON.parse(data ?? "null")];
          continue;
        }
        const { done, value } = await reader.read();
        if (done) return ["(the end)", undefined];
        rest += value;
      }
    },
    end: () => ending.abort(),
  };
}

/** Logs in as a page does. */
async function session(base: string, token: string) {
  const before = JSON.parse((await ask(`${base}/session`)).text) as Session;
  const login = await ask(`${base}/login`, {
    method: "POST",
    body: { token },
    headers: { "x-csrf-token": before.csrf },
  });
  const cookie = login.headers.get("set-cookie") ?? "";
  const headers = { cookie: cookie.split(";")[0] ?? "" };
  const now = JSON.parse((await ask(`${base}/session`, { headers })).text) as Session;
  return { login, cookie, headers, csrf: now.csrf, now };
}

const specOf = async ({ harness: { api }, path }: World): Promise<unknown> =>
  (await api.get<KubeObject & { readonly spec?: unknown }>(path("Rollout", "web"))).spec;

async function pausedWorld(topic: string): Promise<World> {
  const world = await newWorld(topic);
  await world.create(rollout);
  await world.settle("web", "Healthy", healthy);
  await setImage(world, "web", "web:2");
  await world.settle("web", "it pauses", pausedAt(1));
  return world;
}

test.concurrent("each sees and does what RBAC says, by page and by the reference's API", async () => {
  const world = await pausedWorld("dashboard");
  const { namespace } = world;
  const host = await started();
  const { reader, promoter, nobody } = await people(world);
  const base = `${host}/rollouts/api/sluice`;
  const api = `${host}/rollouts/api/v1/rollouts/${namespace}`;

  expect((await ask(`${base}/live`)).status).toBe(401);
  expect((await ask(`${api}/info`)).status).toBe(401);
  expect((await ask(`${base}/live`, { headers: bearer("x.y.z") })).status).toBe(401);

  const [denied, why] = await firstEvent(`${base}/live?namespace=${namespace}`, bearer(nobody));
  expect(denied).toBe("denied");
  expect(why).toEqual({ why: deniedText(namespace) });
  const refused = await ask(`${api}/web/info`, { headers: bearer(nobody) });
  expect(refused.status).toBe(500);
  expect(refused.text).toContain('"code":2');
  expect(refused.text).toContain('cannot get resource \\"rollouts\\"');
  expect((await ask(`${base}/session`, { headers: bearer(nobody) })).text).toContain('"namespaces":[]');

  const [overview, cards] = await firstEvent(`${base}/live?namespace=${namespace}`, bearer(reader));
  expect(overview).toBe("overview");
  expect(cards as Overview).toMatchObject({
    cards: [{ name: "web", phase: "Paused", step: 1, steps: 2, setWeight: 50, stepText: "pause" }],
    may: { [namespace]: {} },
    troubles: [],
  });
  expect((cards as Overview).cards[0]?.sentence).toBe(
    'Rollout "web" waits for a person to promote it at step 2/2 (pause).',
  );
  const act = { verb: "promote", namespace, name: "web" };
  const forbidden = await ask(`${base}/act`, { method: "POST", body: act, headers: bearer(reader) });
  expect(forbidden.status).toBe(403);
  expect(forbidden.text).toContain("may not patch rollouts/status");
  expect((await ask(`${api}/web/promote`, { method: "PUT", body: {}, headers: bearer(reader) })).status).toBe(403);

  const [name, detail] = await firstEvent(`${base}/live?rollout=${namespace}/web`, bearer(promoter));
  expect(name).toBe("rollout");
  const { may, revisions, events, steps: shown } = detail as Detail;
  expect(may).toMatchObject({ promote: true, abort: true, restart: true, undo: true, "set-image": true });
  expect(revisions.map(({ revision, tags, pods }) => [revision, tags, pods.length])).toEqual([
    [2, ["canary"], 1],
    [1, ["stable"], 1],
  ]);
  expect(shown.map(({ state }) => state)).toEqual(["done", "current"]);
  expect(events.some(({ reason }) => reason === "RolloutPaused")).toBe(true);

  const preview = await ask(`${base}/preview`, { method: "POST", body: act, headers: bearer(promoter) });
  const { sentences, command } = JSON.parse(preview.text) as Preview;
  expect(command).toBe(`sluice promote web -n ${namespace}`);
  expect(sentences[0]).toBe("Ends step 2/2 (pause), and goes on to its end, with 100 of 100 to the new version.");
  expect(sentences[1]).toContain("Right after it, the controller will ");
  const done = await ask(`${base}/act`, { method: "POST", body: act, headers: bearer(promoter) });
  expect([done.status, JSON.parse(done.text)]).toEqual([
    200,
    { changed: true, sentence: 'Rollout "web" was promoted.' },
  ]);
  await world.settle("web", "it is Healthy", healthy);
  const undone = await ask(`${api}/web/undo/1`, { method: "PUT", headers: bearer(promoter) });
  expect([undone.status, JSON.parse(undone.text)]).toMatchObject([200, { kind: "Rollout" }]);
  await world.settle("web", "it pauses again", pausedAt(1));
});

test.concurrent(
  "a session is its browser's alone: forged origins, other tokens and stolen cookies get nothing",
  async () => {
    const world = await pausedWorld("dashboard-session");
    const { namespace } = world;
    const { promoter, reader } = await people(world);
    const host = await started();
    const base = `${host}/rollouts/api/sluice`;
    const mine = await session(base, promoter);
    expect(mine.login.status).toBe(200);
    expect(mine.cookie).toMatch(/^sluice-session=[\w-]{43}; Path=\/rollouts; HttpOnly; SameSite=Strict$/);
    expect(mine.now.user?.name).toBe(`system:serviceaccount:${namespace}:promoter`);
    const others = await session(base, reader);

    const body = { verb: "pause", namespace, name: "web" };
    const post = (headers: Readonly<Record<string, string>>) => ask(`${base}/act`, { method: "POST", body, headers });
    const codeOf = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const { status, text } = await post(headers);
      return [status, (JSON.parse(text) as { readonly code: string }).code];
    };
    expect(await codeOf(mine.headers)).toEqual([403, "csrf"]);
    expect(await codeOf({ ...mine.headers, "x-csrf-token": others.csrf })).toEqual([403, "csrf"]);
    const whole = { ...mine.headers, "x-csrf-token": mine.csrf };
    expect(await codeOf({ ...whole, origin: "https://evil.example" })).toEqual([403, "origin"]);
    expect(await codeOf({ ...whole, origin: "null" })).toEqual([403, "origin"]);
    expect(await codeOf({ ...whole, "sec-fetch-site": "cross-site" })).toEqual([403, "origin"]);
    const api = `${host}/rollouts/api/v1/rollouts/${namespace}/web/abort`;
    expect((await ask(api, { method: "PUT", headers: mine.headers })).status).toBe(403);
    expect(await specOf(world)).not.toMatchObject({ paused: true });
    expect((await post({ ...whole, origin: host })).status).toBe(200);
    expect(await specOf(world)).toMatchObject({ paused: true });

    const stream = openEvents(`${base}/live?namespace=${namespace}`, mine.headers);
    expect((await stream.next())[0]).toBe("overview");
    const out = await ask(`${base}/logout`, { method: "POST", body: {}, headers: whole });
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
    let [event, why] = await stream.next();
    while (event !== "ended") [event, why] = await stream.next();
    expect(why).toEqual({ why: "logout" });
    expect((await ask(`${base}/live`, { headers: mine.headers })).status).toBe(401);
    expect(await codeOf(whole)).toEqual([401, "login"]);
  },
);

test.concurrent(
  "a token that is revoked ends the session, and a right that is taken away ends what is seen",
  async () => {
    const world = await pausedWorld("dashboard-revoked");
    const { namespace } = world;
    const { leaver, reader } = await people(world);
    const base = `${await started()}/rollouts/api/sluice`;
    const leaving = await session(base, leaver);
    const stream = openEvents(`${base}/live?namespace=${namespace}`, leaving.headers);
    expect((await stream.next())[0]).toBe("overview");
    await world.harness.api.delete(`/api/v1/namespaces/${namespace}/serviceaccounts/leaver`);
    let [event, why] = await stream.next();
    while (event !== "ended") [event, why] = await stream.next();
    expect(why).toEqual({ why: "revoked" });
    expect((await ask(`${base}/live`, { headers: leaving.headers })).status).toBe(401);

    const seen = openEvents(`${base}/live?namespace=${namespace}`, bearer(reader));
    expect((await seen.next())[0]).toBe("overview");
    await world.harness.api.delete(`${rbac}/namespaces/${namespace}/rolebindings/reader`);
    let [last, reason] = await seen.next();
    while (last !== "denied") [last, reason] = await seen.next();
    expect(reason).toEqual({ why: deniedText(namespace) });
    expect((await seen.next())[0]).toBe("(the end)");
  },
);

test.concurrent(
  "read-only, nobody changes anything; with a kubeconfig, only this machine's names are answered",
  async () => {
    const world = await pausedWorld("dashboard-local");
    const { namespace } = world;
    const body = { verb: "promote", namespace, name: "web" };
    const readOnly = `${await started({ isReadOnly: true }, true)}/rollouts/api/sluice`;
    const { csrf, user, how, readOnly: isReadOnly } = JSON.parse((await ask(`${readOnly}/session`)).text) as Session;
    expect([how, isReadOnly, user?.name]).toEqual(["kubeconfig", true, "sluice-test"]);
    const refused = await ask(`${readOnly}/act`, { method: "POST", body, headers: { "x-csrf-token": csrf } });
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([403, { code: "read-only" }]);
    const put = await ask(`${readOnly.replace("sluice", "v1")}/rollouts/${namespace}/web/promote`, {
      method: "PUT",
      headers: { "x-csrf-token": csrf },
    });
    expect(put.status).toBe(403);
    const [, overview] = await firstEvent(`${readOnly}/live?namespace=${namespace}`, {});
    expect((overview as Overview).may).toEqual({ [namespace]: {} });

    const own = `${await started({}, true)}/rollouts/api/sluice`;
    const rebound = await ask(`${own}/session`, { headers: { host: "evil.example" } });
    expect([rebound.status, rebound.text.includes("csrf")]).toEqual([403, false]);
    const mine = JSON.parse((await ask(`${own}/session`)).text) as Session;
    expect((await ask(`${own}/act`, { method: "POST", body })).status).toBe(403);
    expect((await ask(`${own}/act`, { method: "POST", body, headers: { "x-csrf-token": mine.csrf } })).status).toBe(
      200,
    );
    await world.settle("web", "it is Healthy", healthy);
    const page = await ask(`${own.replace("/api/sluice", "")}/${namespace}`);
    expect(page.text).toContain('<base href="/rollouts/">');
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
  },
);
