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

const oidc = {
  issuer: `http://127.0.0.1:${provider.port}`,
  clientId: "rollouts",
  clientSecret: () => "the secret",
  scopes: ["openid", "groups"],
};

function world() {
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

/** The page that a browser is sent back to asks for the session, with the cookies that it was given. */
async function toldAfter({ sessionWith }: ReturnType<typeof world>, answer: Response): Promise<string | undefined> {
  expect([answer.status, answer.headers.get("location"), await answer.text()]).toEqual([302, "/rollouts/", ""]);
  const cookie = answer.headers.getSetCookie().map((each) => each.split(";")[0] ?? "");
  expect(cookie.filter((each) => each.startsWith("sluice-session"))).toEqual([]);
  const { user, loginFailure } = await sessionWith({ cookie: cookie.join("; ") });
  expect(user).toBeUndefined();
  return loginFailure;
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
    const made = world();
    const { begin, ours, trust } = made;
    trust();
    const { cookie, back } = await begin();
    const own = { cookie: cookie.split(";")[0] ?? "" };
    const stolen = await ours(back, { headers: { cookie: "sluice-login=another" } });
    const refusal = "Cannot log in: this login was not begun in this browser, or took too long. Begin again.";
    expect(await toldAfter(made, stolen)).toBe(refusal);
    expect(await toldAfter(made, await ours(back, { headers: own }))).toBe(refusal);
  });

  test("is refused for a code of somebody else's login, and for a token of another client", async () => {
    const made = world();
    const { begin, ours, trust } = made;
    trust();
    const [mine, theirs] = [await begin(), await begin()];
    const own = { cookie: mine.cookie.split(";")[0] ?? "" };
    const mixed = mine.back.replace(/code=[^&]*/, /code=[^&]*/.exec(theirs.back)?.[0] ?? "");
    expect(await toldAfter(made, await ours(mixed, { headers: own }))).toBe(
      "Cannot log in: the identity provider answered: invalid_grant: the code is not of this login",
    );
    audience = "another-client";
    const next = await begin();
    const foreign = await ours(next.back, { headers: { cookie: next.cookie.split(";")[0] ?? "" } });
    audience = "rollouts";
    expect(await toldAfter(made, foreign)).toStartWith("Cannot log in: ");
  });

  test("says what to do when the API server does not take the provider's token", async () => {
    const made = world();
    const { begin, ours } = made;
    const { cookie, back } = await begin();
    const refused = await ours(back, { headers: { cookie: cookie.split(";")[0] ?? "" } });
    expect(await toldAfter(made, refused)).toContain("it has to know the same issuer and client id");
  });

  test("tells why it failed once, and not by words that an address brings", async () => {
    const made = world();
    const { ours } = made;
    const refused = await ours("oidc/callback?error=access_denied&error_description=Call+this+number&state=x");
    const [failure = ""] = refused.headers.getSetCookie();
    expect(failure).toMatch(/^sluice-login-failure=[\w-]+; Path=\/rollouts; HttpOnly; SameSite=Strict; Max-Age=60$/);
    const told = await ours("session", { headers: { cookie: failure.split(";")[0] ?? "" } });
    expect(await told.text()).not.toContain("Call this number");
    expect(told.headers.get("set-cookie")).toMatch(/^sluice-login-failure=; .*Max-Age=0$/);
  });

  test("tells in the page, too, that the provider does not answer", async () => {
    const made = testDashboard(
      { origin: "https://rollouts.example.com" },
      { oidc: { ...oidc, issuer: "http://127.0.0.1:1" } },
    );
    const answer = await made.ours("oidc/start");
    expect(answer.headers.get("location")).toBe("/rollouts/");
    const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    expect((await made.sessionWith({ cookie })).loginFailure).toStartWith(
      "Cannot log in: the identity provider cannot be asked: ",
    );
  });
});
