/** Against an issuer on this machine, whose certificate an authority of its own signed. */
import { afterEach, beforeEach, expect, setSystemTime, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newAuthority } from "../../test/cluster/harness/certificates.ts";
import { type Credentials, loadCredentials } from "./credentials.ts";

let dir = "";
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "sluice-oidc-"))));
afterEach(() => {
  setSystemTime();
  rmSync(dir, { recursive: true });
});

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
/** @param inSeconds until it expires */
const jwt = (claims: object, inSeconds: number): string => {
  const now = Math.floor(Date.now() / 1_000);
  return `${part({ alg: "RS256" })}.${part({ iat: now, exp: now + inSeconds, ...claims })}.${part({})}`;
};

/** Answers as an identity provider does; `grants` are the forms that were sent to it. */
async function issuer(answer: (url: string, nth: number) => object | Response, methods?: readonly string[]) {
  const grants: Record<string, string>[] = [];
  const authority = await newAuthority();
  const { cert, key } = await authority.server({ dns: [], ip: ["127.0.0.1"] });
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert, key },
    async fetch(request): Promise<Response> {
      const url = `https://127.0.0.1:${server.port}`;
      if (new URL(request.url).pathname === "/.well-known/openid-configuration")
        return Response.json({
          issuer: url,
          token_endpoint: `${url}/token`,
          ...(methods !== undefined && { token_endpoint_auth_methods_supported: methods }),
        });
      const form = Object.fromEntries(new URLSearchParams(await request.text()));
      const authorization = request.headers.get("authorization");
      grants.push({ ...form, ...(authorization !== null && { authorization }) });
      const given = answer(url, grants.length);
      return given instanceof Response ? given : Response.json({ token_type: "bearer", access_token: "a", ...given });
    },
  });
  return { url: `https://127.0.0.1:${server.port}`, ca: authority.ca, grants, stop: () => server.stop(true) };
}

const configOf = ({ url, ca }: { readonly url: string; readonly ca: string }) => ({
  "id-token": jwt({}, -60),
  "refresh-token": "r",
  "client-id": "kubernetes",
  "client-secret": "s3cret",
  "idp-issuer-url": url,
  "idp-certificate-authority-data": Buffer.from(ca).toString("base64"),
});

const failure = (credentials: Credentials): Promise<string> =>
  credentials.headers().then(
    () => "no failure",
    (error: unknown) => (error instanceof Error ? error.message : "no error"),
  );

const credentialsOf = (config: object) => {
  const kubeconfig = join(dir, "config");
  const user = { "auth-provider": { name: "oidc", config } };
  const text = {
    "current-context": "dev",
    clusters: [{ name: "c", cluster: { server: "https://api.example:6443" } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "dev", context: { cluster: "c", user: "u" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(text));
  return loadCredentials({ kubeconfig }, { env: {}, home: dir, serviceAccountDir: join(dir, "sa") });
};

const nthOf = (authorization = ""): unknown => {
  const claims: unknown = JSON.parse(Buffer.from(authorization.split(".")[1] ?? "", "base64url").toString());
  return (claims as { readonly nth: number }).nth;
};

const tokens = (url: string, nth: number) => ({
  id_token: jwt({ iss: url, aud: "kubernetes", sub: "jane", nth }, 3_600),
});

test.each([
  [["client_secret_post"], { client_secret: "s3cret", client_id: "kubernetes" }],
  [undefined, { authorization: `Basic ${Buffer.from("kubernetes:s3cret").toString("base64")}` }],
])(
  "a token that has expired is renewed, and so is the new one when it has (%j)",
  async (methods, proof) => {
    const provider = await issuer(tokens, methods);
    try {
      const credentials = await credentialsOf(configOf(provider));
      const first = await credentials.headers();
      expect(await credentials.headers()).toBe(first);
      setSystemTime(Date.now() + 3_700_000);
      const second = await credentials.headers();
      expect([first, second].map(({ authorization }) => nthOf(authorization))).toEqual([1, 2]);
      const grant = { grant_type: "refresh_token", refresh_token: "r", ...proof };
      expect(provider.grants).toEqual([grant, grant]);
    } finally {
      await provider.stop();
    }
  },
  30_000,
);

test("an issuer that refuses is told of, without the tokens and the secret", async () => {
  const provider = await issuer(() => Response.json({ error: "invalid_grant" }, { status: 400 }));
  try {
    const message = await failure(await credentialsOf(configOf(provider)));
    expect(message).toStartWith('Cannot get credentials from auth provider "oidc" (context "dev" of ');
    expect(message).toContain("invalid_grant");
    expect(message).not.toMatch(/s3cret|eyJ/);
  } finally {
    await provider.stop();
  }
}, 30_000);

test("an issuer without https is refused", async () => {
  const config = { ...configOf({ url: "http://issuer.example", ca: "" }) };
  expect(await failure(await credentialsOf(config))).toEndWith(
    ': idp-issuer-url "http://issuer.example" must be an https address',
  );
});
