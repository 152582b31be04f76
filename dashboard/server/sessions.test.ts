/** Who gets in, for how long, and with whose rights. */
import { describe, expect, test } from "bun:test";
import { testDashboard } from "./testing.ts";

const MINUTE = 60_000;

function world(...args: Parameters<typeof testDashboard>) {
  const made = testDashboard(...args);
  made.people.set("t-ann", { name: "ann", rights: ["*"] });
  made.people.set("t-bob", { name: "bob", rights: ["list rollouts shop"] });
  return made;
}

const statusOf = async (response: Promise<Response>): Promise<number> => (await response).status;

describe("a session", () => {
  test("is of the person whose token was given, and tells what may be done with it", async () => {
    const { login, ours } = world();
    const { response, session, cookie } = await login("t-ann");
    expect(response.headers.get("set-cookie")).toMatch(
      /^sluice-session=[\w-]{43}; Path=\/rollouts; HttpOnly; SameSite=Strict$/,
    );
    expect(session).toMatchObject({ user: { name: "ann", groups: ["team"] }, how: "token", logins: ["token"] });
    expect(await statusOf(ours("session", { headers: { cookie } }))).toBe(200);
    expect(session.csrf).not.toBe((await login("t-ann")).session.csrf);
  });

  test("needs a token that the API server takes", async () => {
    const { login, logged } = world();
    const { response, session } = await login("t-nobody");
    expect([response.status, session.user]).toEqual([401, undefined]);
    expect(logged.join()).not.toContain("t-nobody");
  });

  test("ends an hour after the last request, however long a page is open", async () => {
    const { login, sessionWith, clock, dashboard } = world();
    const { cookie } = await login("t-ann");
    await clock.advance(50 * MINUTE);
    expect((await sessionWith({ cookie })).user?.name).toBe("ann");
    await clock.advance(61 * MINUTE);
    expect((await sessionWith({ cookie })).user).toBeUndefined();
    expect(dashboard.open().sessions).toBe(0);
  });

  test("ends twelve hours after its login, however busy it is", async () => {
    const { login, sessionWith, clock } = world();
    const { cookie } = await login("t-ann");
    for (let at = 0; at < 23; at += 1) {
      await clock.advance(30 * MINUTE);
      expect((await sessionWith({ cookie })).user?.name).toBe("ann");
    }
    await clock.advance(31 * MINUTE);
    expect((await sessionWith({ cookie })).user).toBeUndefined();
  });

  test("ends within a minute of its token", async () => {
    const { login, sessionWith, clock, people } = world();
    const { cookie } = await login("t-ann");
    people.delete("t-ann");
    await clock.advance(MINUTE);
    expect((await sessionWith({ cookie })).user).toBeUndefined();
  });

  test("ends when its person has other groups than at the login", async () => {
    const { login, sessionWith, clock, people } = world();
    const { cookie } = await login("t-ann");
    people.set("t-ann", { name: "ann-renamed", rights: ["*"] });
    await clock.advance(MINUTE);
    expect((await sessionWith({ cookie })).user).toBeUndefined();
  });

  test("is over once it was logged out of, for whoever has its cookie", async () => {
    const { login, post, sessionWith } = world();
    const { headers, cookie } = await login("t-ann");
    expect(await statusOf(post("logout", {}, { cookie }))).toBe(403);
    expect(await statusOf(post("logout", {}, headers))).toBe(200);
    expect((await sessionWith({ cookie })).user).toBeUndefined();
  });

  test("of twenty the oldest ends with the next login of the same person, and nobody else's", async () => {
    const { login, sessionWith, clock } = world();
    const other = await login("t-bob");
    const first = await login("t-ann");
    for (let count = 0; count < 20; count += 1) {
      await clock.advance(6_000);
      expect((await login("t-ann")).response.status).toBe(200);
    }
    expect((await sessionWith({ cookie: first.cookie })).user).toBeUndefined();
    expect((await sessionWith({ cookie: other.cookie })).user?.name).toBe("bob");
  });
});

describe("logins", () => {
  test("are held back after ten of one address, and not those of another", async () => {
    const { post, sessionWith, clock } = world();
    const { csrf } = await sessionWith({});
    const headers = { "x-csrf-token": csrf };
    for (let count = 0; count < 10; count += 1)
      expect(await statusOf(post("login", { token: `x${count}` }, headers))).toBe(401);
    expect(await statusOf(post("login", { token: "t-ann" }, headers))).toBe(429);
    expect(await statusOf(post("login", { token: "t-ann" }, headers, "192.0.2.2"))).toBe(200);
    await clock.advance(7_000);
    expect(await statusOf(post("login", { token: "t-ann" }, headers))).toBe(200);
  });

  test("by wrong bearer tokens are held back, too, without asking the API server", async () => {
    const { ours, reviewed } = world();
    const tried = (token: string) => statusOf(ours("live", { headers: { authorization: `Bearer ${token}` } }));
    for (let count = 0; count < 10; count += 1) expect(await tried(`x${count}`)).toBe(401);
    const before = reviewed.length;
    expect(await tried("x11")).toBe(429);
    expect(reviewed.length).toBe(before);
  });

  test("need the token of the page, and JSON", async () => {
    const { post, ours, sessionWith } = world();
    expect(await statusOf(post("login", { token: "t-ann" }))).toBe(403);
    const { csrf } = await sessionWith({});
    const form = { method: "POST", body: "token=t-ann", headers: { "x-csrf-token": csrf } };
    expect(await statusOf(ours("login", form))).toBe(400);
  });
});

describe("what is done", () => {
  const act = { verb: "abort", namespace: "shop", name: "web" };

  test("is done with the person's own token, and the reviewer's rights are used for reviews alone", async () => {
    const { login, post, sent, core } = world();
    core.create("rollouts.argoproj.io", { metadata: { name: "web", namespace: "shop" }, spec: {} });
    const { headers } = await login("t-ann");
    const pausing = post("act", { ...act, verb: "pause" }, headers);
    expect(await statusOf(pausing)).toBe(200);
    expect((sent.get("t-ann") ?? []).map(({ method }) => method)).toContain("PATCH");
    expect(core.get({ resource: "rollouts.argoproj.io", namespace: "shop", name: "web" })).toMatchObject({
      spec: { paused: true },
    });
  });

  test("is refused to somebody without the right, in words that name it", async () => {
    const { login, post, sent } = world();
    const { headers } = await login("t-bob");
    const response = await post("act", act, headers);
    expect([response.status, await response.json()]).toEqual([
      403,
      {
        code: "forbidden",
        error:
          'Cannot abort "web" in namespace "shop": bob may not patch rollouts/status of argoproj.io "web" there. Ask for a role that has it.',
      },
    ]);
    expect((sent.get("t-bob") ?? []).filter(({ method }) => method !== "GET")).toEqual([]);
  });

  test.each([
    ["no verb of ours", { ...act, verb: "delete" }],
    ["a name that is a path", { ...act, name: "../secrets/x" }],
    ["a namespace that is none", { ...act, namespace: "" }],
    ["an image that is none", { ...act, verb: "set-image", image: "a b" }],
    ["a list", []],
  ])("is refused for %s", async (_, body) => {
    const { login, post } = world();
    const { headers } = await login("t-ann");
    expect(await statusOf(post("act", body, headers))).toBe(400);
  });

  test("is nothing where the dashboard is read-only", async () => {
    const { login, post, ask } = world({ isReadOnly: true });
    const { headers } = await login("t-ann");
    expect(await statusOf(post("act", act, headers))).toBe(403);
    expect(await statusOf(ask("/rollouts/api/v1/rollouts/shop/web/abort", { method: "PUT", headers }))).toBe(403);
  });
});

test("every answer has the headers that keep other sites out", async () => {
  const { ask } = world();
  for (const path of ["/", "/rollouts/", "/rollouts/api/sluice/session", "/rollouts/api/v1/version", "/elsewhere"]) {
    const { headers } = await ask(path);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect([headers.get("x-content-type-options"), headers.get("x-frame-options")]).toEqual(["nosniff", "DENY"]);
    if (path.includes("/api/")) expect(headers.get("cache-control")).toBe("no-store");
  }
});
