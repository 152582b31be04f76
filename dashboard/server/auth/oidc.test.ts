/** Login at an identity provider: one that answers as OpenID Connect has it, and checks what it is sent. */
import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { testDashboard } from "../testing.ts";

interface Begun {
  readonly nonce: string;
  readonly challenge: string;
}

const begun = new Map<string, Begun>();
const seconds = (): number => Math.floor(Date.now() / 1_000);
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
let audience = "rollouts";

const provider = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { pathname, origin } = new URL(request.url);
    if (pathname === "/.well-known/openid-configuration")
      return Response.json({
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        jwks_uri: `${origin}/keys`,
        response_types_supported: ["code"],
        id_token_signing_alg_values_supported: ["RS256"],
        code_challenge_methods_supported: ["S256"],
      });
    const form = new URLSearchParams(await request.text());
    const found = begun.get(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (found === undefined || challenge !== found.challenge)
      return Response.json(
        { error: "invalid_grant", error_description: "the code is not of this login" },
        { status: 400 },
      );
    const claims = { iss: origin, sub: "ann", aud: audience, nonce: found.nonce, iat: seconds(), exp: seconds() + 600 };
    const token = `${part({ alg: "RS256" })}.${part(claims)}.${part({})}`;
    return Response.json({ access_token: "a", token_type: "Bearer", id_token: token });
  },
});
afterAll(() => provider.stop(true));

function world() {
  const oidc = {
    issuer: `http://127.0.0.1:${provider.port}`,
    clientId: "rollouts",
    clientSecret: () => "the secret",
    scopes: ["openid", "groups"],
  };
  const made = testDashboard({ origin: "https://rollouts.example.com" }, { oidc });
  /** Goes to the provider and says yes there. */
  const begin = async () => {
    const response = await made.ours("oidc/start");
    const to = new URL(response.headers.get("location") ?? "");
    const code = crypto.randomUUID();
    const { nonce = "", code_challenge: challenge = "", state = "", ...others } = Object.fromEntries(to.searchParams);
    begun.set(code, { nonce, challenge });
    const cookie = response.headers.get("set-cookie") ?? "";
    return { response, to, others, cookie, back: `oidc/callback?code=${code}&state=${state}` };
  };
  /** The API server takes what this provider signs. */
  const trust = (): void => {
    const get = made.people.get.bind(made.people);
    made.people.get = (token) => (token.includes(".") ? { name: "ann", rights: ["*"] } : get(token));
  };
  return { ...made, begin, trust };
}

describe("login at a provider", () => {
  test("goes there with a challenge, and comes back to a session of the one whom the API server knows", async () => {
    const { begin, ours, trust, sessionWith, logged } = world();
    trust();
    const { response, others, cookie, back } = await begin();
    expect(response.status).toBe(302);
    expect(others).toEqual({
      client_id: "rollouts",
      response_type: "code",
      redirect_uri: "https://rollouts.example.com/rollouts/api/sluice/oidc/callback",
      scope: "openid groups",
      code_challenge_method: "S256",
    });
    expect(cookie).toMatch(
      /^sluice-login=[\w-]{43}; Path=\/rollouts\/api\/sluice\/oidc; HttpOnly; SameSite=Lax; Max-Age=600$/,
    );
    const done = await ours(back, { headers: { cookie: cookie.split(";")[0] ?? "", "sec-fetch-site": "cross-site" } });
    expect([done.status, done.headers.get("location")]).toEqual([302, "/rollouts/"]);
    const [session = ""] = (done.headers.getSetCookie()[0] ?? "").split(";");
    expect(await sessionWith({ cookie: session })).toMatchObject({
      user: { name: "ann" },
      how: "oidc",
      logins: ["token", "oidc"],
    });
    expect(logged.join()).not.toContain("eyJ");
  });

  test("is refused in another browser than it was begun in, and a second time", async () => {
    const { begin, ours, trust } = world();
    trust();
    const { cookie, back } = await begin();
    const own = { cookie: cookie.split(";")[0] ?? "" };
    const stolen = await ours(back, { headers: { cookie: "sluice-login=another" } });
    expect([stolen.status, await stolen.text()]).toEqual([
      401,
      JSON.stringify({
        error: "Cannot log in: this login was not begun in this browser, or took too long. Begin again.",
        code: "login",
      }),
    ]);
    expect((await ours(back, { headers: own })).status).toBe(401);
  });

  test("is refused for a code of somebody else's login, and for a token of another client", async () => {
    const { begin, ours, trust } = world();
    trust();
    const [mine, theirs] = [await begin(), await begin()];
    const own = { cookie: mine.cookie.split(";")[0] ?? "" };
    const mixed = mine.back.replace(/code=[^&]*/, /code=[^&]*/.exec(theirs.back)?.[0] ?? "");
    const injected = await ours(mixed, { headers: own });
    expect(injected.status).toBe(401);
    audience = "another-client";
    const next = await begin();
    const foreign = await ours(next.back, { headers: { cookie: next.cookie.split(";")[0] ?? "" } });
    audience = "rollouts";
    expect(foreign.status).toBe(401);
  });

  test("says what to do when the API server does not take the provider's token", async () => {
    const { begin, ours } = world();
    const { cookie, back } = await begin();
    const refused = await ours(back, { headers: { cookie: cookie.split(";")[0] ?? "" } });
    expect(await refused.text()).toContain("it has to know the same issuer and client id");
  });
});
