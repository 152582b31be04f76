import { describe, expect, test } from "bun:test";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { manualClock } from "../../kube/clock/clock.ts";
import { createSendHttp } from "./http.ts";
import { NOW, portsWith, sendBy } from "./testing.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

const account = {
  type: "service_account",
  client_email: "sluice@shop.iam.gserviceaccount.com",
  private_key: privateKey,
  token_uri: "https://oauth2.googleapis.com/token",
};

/** Google, with these files in the controller's container. */
function google(files: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>> = {}) {
  const asked: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string }[] =
    [];
  const clock = manualClock(NOW);
  const http = createSendHttp({
    version: "0",
    addresses: { allow: [], deny: [] },
    apiServers: [],
    clock,
    environment: (name) => environment[name],
    readText: (path) => Promise.resolve(files[path]),
    // As it is on GKE: the name of the metadata leads to what nobody else may ask.
    resolve: (host) => Promise.resolve([host.endsWith(".internal") ? "169.254.169.254" : "192.0.2.1"]),
    fetch: (url, { headers, body }) => {
      const sent = headers as Record<string, string>;
      asked.push({
        url: `${sent["host"]}${new URL(url).pathname}`,
        headers: sent,
        body: typeof body === "string" ? body : "",
      });
      const isToken = new URL(url).pathname.endsWith("token");
      return Promise.resolve(Response.json(isToken ? { access_token: "ya29-token", expires_in: 3_600 } : {}));
    },
  });
  const publish = (settings: object, recipient = "", template: object = {}) =>
    sendBy(
      {
        type: "gcppubsub",
        settings: { project: "shop", topic: "releases", ...settings },
        template: { message: "hellö", ...template },
        destination: { service: "gcppubsub", recipient },
      },
      portsWith(http),
    ).catch((error: unknown) => (error as Error).message);
  return { asked, clock, publish };
}

describe("a message to Pub/Sub", () => {
  test("is published with a token that the key of the service account gave, which is kept while it is valid", async () => {
    const { asked, clock, publish } = google({ "/etc/key.json": JSON.stringify(account) });
    const template = { gcppubsub: { attributes: { z: "1", a: "x", empty: "" } } };
    expect(await publish({ keyFile: "/etc/key.json" }, "", template)).toBeUndefined();
    expect(await publish({ keyFile: "/etc/key.json" }, "other")).toBeUndefined();
    await clock.advance(3_600_000);
    await publish({ keyFile: "/etc/key.json" });
    expect(asked.map(({ url }) => url)).toEqual([
      "oauth2.googleapis.com/token",
      "pubsub.googleapis.com/v1/projects/shop/topics/releases:publish",
      "pubsub.googleapis.com/v1/projects/shop/topics/other:publish",
      "oauth2.googleapis.com/token",
      "pubsub.googleapis.com/v1/projects/shop/topics/releases:publish",
    ]);
    expect(asked[1]?.headers["authorization"]).toBe("Bearer ya29-token");
    expect(JSON.parse(asked[1]?.body ?? "")).toEqual({
      messages: [{ data: btoa("hell\u00C3\u00B6"), attributes: { a: "x", z: "1" } }],
    });
    const assertion = new URLSearchParams(asked[0]?.body).get("assertion") ?? "";
    const [head = "", claims = "", signature = ""] = assertion.split(".");
    const key = createPublicKey(publicKey);
    expect(verify("RSA-SHA256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"))).toBe(true);
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toEqual({
      iss: account.client_email,
      scope: "https://www.googleapis.com/auth/pubsub",
      aud: account.token_uri,
      iat: NOW / 1_000,
      exp: NOW / 1_000 + 3_600,
    });
  });

  test("is published by the machine's own account where no key is named", async () => {
    const { asked, publish } = google({});
    expect(await publish({})).toBeUndefined();
    expect(asked[0]?.url).toBe("metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token");
    expect(asked[0]?.headers["metadata-flavor"]).toBe("Google");
  });

  test("is published by the key that the environment names", async () => {
    const { asked, publish } = google(
      { "/own.json": JSON.stringify(account) },
      { GOOGLE_APPLICATION_CREDENTIALS: "/own.json" },
    );
    await publish({});
    expect(asked[0]?.url).toBe("oauth2.googleapis.com/token");
  });

  test.each([
    [undefined, "the file of the key is not there"],
    ["{", "what should be JSON is none"],
    ["[]", "what should be JSON is none"],
    [JSON.stringify({ ...account, type: "external_account" }), "the file has no key of a service account"],
    [JSON.stringify({ ...account, private_key: "S3cret" }), "the key of the file is none of RSA in PEM"],
    [JSON.stringify({ ...account, token_uri: "nowhere" }), "token_uri of the file is not an address"],
    [
      JSON.stringify({ ...account, token_uri: "http://169.254.169.254/token" }),
      "169.254.169.254 is not asked: it is the metadata of a cloud (see --analysis-allow-address)",
    ],
  ])("is not published with the file %j", async (text, why) => {
    const { asked, publish } = google(text === undefined ? {} : { "/key.json": text });
    const said = await publish({ keyFile: "/key.json" });
    expect(said).toBe(`gcppubsub: ${why.includes("is not asked") ? "" : "no token of Google: "}${why}`);
    expect(asked).toEqual([]);
  });
});
