/** Requests that no page of ours sends. */
import { describe, expect, test } from "bun:test";
import { testDashboard } from "./testing.ts";

function world() {
  const pages = new Map([
    ["index.html", { body: "<html><head></head>the page</html>", type: "text/html" }],
    ["assets/a1.js", { body: "the script", type: "text/javascript" }],
  ]);
  const made = testDashboard({ pages: async () => pages });
  made.people.set("t-ann", { name: "ann", rights: ["*"] });
  made.people.set("t-eve", { name: "eve", rights: [] });
  return made;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const ann = bearer("t-ann");
const shop = "/rollouts/api/v1/rollouts/shop";

describe("streams of one person", () => {
  test("are forty, however many are asked for at once, by our API and the reference's together", async () => {
    const { ours, ask } = world();
    const asked = Array.from({ length: 60 }, () => ours("live?namespace=shop", { headers: ann }));
    const answers = await Promise.all(asked);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(40);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
    expect((await ask(`${shop}/info/watch`, { headers: ann })).status).toBe(429);
    for (const { status, body } of answers) if (status === 200) await body?.cancel();
    const watches = await Promise.all(Array.from({ length: 41 }, () => ask(`${shop}/info/watch`, { headers: ann })));
    expect(watches.filter(({ status }) => status === 200)).toHaveLength(40);
    expect((await ours("live?namespace=shop", { headers: bearer("t-eve") })).status).toBe(200);
  });

  test("are free again when the other side has gone before it read, or was refused", async () => {
    const { ours, ask } = world();
    for (let count = 0; count < 50; count += 1) {
      const leaving = new AbortController();
      const init = { headers: ann, signal: leaving.signal };
      const answers = [ours("live?namespace=shop", init), ask(`${shop}/web/info/watch`, init)];
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
      leaving.abort();
      expect((await ours("live?rollout=..", { headers: ann })).status).toBe(400);
      expect((await ours("live", { method: "HEAD", headers: ann })).status).toBe(405);
    }
  });
});

test("somebody without rights has nothing watched", async () => {
  const { ours, post, sent, dashboard } = world();
  for (let count = 0; count < 20; count += 1) {
    const namespace = `n${count}`;
    const preview = await post("preview", { verb: "promote", namespace, name: "web" }, bearer("t-eve"));
    const run = await ours(`runs/${namespace}/web`, { headers: bearer("t-eve") });
    expect([preview.status, run.status]).toEqual([403, 403]);
    expect(await run.text()).toContain(`You may not list analysisruns.argoproj.io in namespace ${namespace}.`);
  }
  expect(dashboard.open().boards).toBe(0);
  expect(sent.get("t-eve")).toBeUndefined();
});

test.each(["/..%2f..%2fkube-system/info", "//info", "/*/info", "/shop/..%2fsecrets/info", "/shop/a%0d%0aX:1/info"])(
  "the reference's API is not asked for %s",
  async (path) => {
    const { ask, logged } = world();
    const answer = await ask(`/rollouts/api/v1/rollouts${path}`, { headers: ann });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("is not a name");
    expect(logged.join()).not.toContain("failed");
  },
);

test("a Host header that is no name is told so, and fills no log", async () => {
  const { dashboard, logged } = world();
  const request = new Request("http://dashboard.example/");
  Object.defineProperty(request, "url", { value: "http://a:1:2/rollouts/" });
  expect((await dashboard.answer({ request, address: "192.0.2.1", isSecure: false })).status).toBe(400);
  expect(logged).toEqual([]);
});

test.each([
  ["default/web.v2", 200],
  ["rollout/default/web.v2", 200],
  ["rollout/default/web.v2/simulation", 200],
  ["assets/a1.js", 200],
  ["assets/a2.js", 404],
  ["assets/..%2f..%2fetc%2fpasswd", 404],
  ["favicon.ico", 404],
] as const)("the path %s is answered with %d", async (path, status) => {
  const { ask } = world();
  const answer = await ask(`/rollouts/${path}`);
  expect(answer.status).toBe(status);
});

test("a token that is known goes on, though somebody at the same address tries others", async () => {
  const { ours } = world();
  expect((await ours("session", { headers: ann })).status).toBe(200);
  for (let count = 0; count < 12; count += 1) await ours("session", { headers: bearer(`x${count}`) });
  expect((await ours("session", { headers: bearer("t-eve") })).status).toBe(429);
  expect((await ours("session", { headers: ann })).status).toBe(200);
});

test("a new login ends the session that this browser had", async () => {
  const { login, post, sessionWith } = world();
  const first = await login("t-ann");
  const { csrf } = await sessionWith({});
  const again = await post("login", { token: "t-eve" }, { cookie: first.cookie, "x-csrf-token": csrf });
  expect(again.status).toBe(200);
  expect(again.headers.get("set-cookie")).not.toContain(first.cookie);
  expect((await sessionWith({ cookie: first.cookie })).user).toBeUndefined();
});
