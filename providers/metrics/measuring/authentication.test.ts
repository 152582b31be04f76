import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import { like, question, recordingServer, sender } from "./testing.ts";

const never = new AbortController().signal;
const ok = (): Response => new Response("{}");

describe("authentication", () => {
  test("by a password, unless the metric sets the header itself", async () => {
    using server = recordingServer(ok);
    const send = sender();
    const authentication = { kind: "basic", username: "üser", password: "p:w" } as const;
    await send(question(server.url, { authentication }), never, "prod");
    await send(question(server.url, { authentication, headers: { authorization: "Bearer t" } }), never, "prod");
    await send(question(server.url.replace("//", "//user:p%40w@")), never, "prod");
    expect(server.recorded.map(({ headers }) => headers["authorization"])).toEqual([
      `Basic ${Buffer.from("üser:p:w").toString("base64")}`,
      "Bearer t",
      `Basic ${btoa("user:p@w")}`,
    ]);
  });

  const oauth2 = (tokenUrl: string, more: object = {}) =>
    ({ kind: "oauth2", tokenUrl, clientId: "id", clientSecret: "s3cret", scopes: ["a", "b"], ...more }) as const;
  const token = (more: object = {}): Response => Response.json({ access_token: "t1", token_type: "bearer", ...more });

  test("by OAuth2 asks for a token once, and again shortly before it ends", async () => {
    using tokens = recordingServer(() => token({ expires_in: 60 }));
    using server = recordingServer(ok);
    const clock = manualClock(1_000_000);
    const send = sender({ clock });
    const asked = question(server.url, { authentication: oauth2(`${tokens.url}/token`) });
    await send(asked, never, "prod");
    await send(asked, never, "prod");
    expect(tokens.recorded).toHaveLength(1);
    expect(tokens.recorded[0]).toMatchObject({
      method: "POST",
      path: "/token",
      body: "grant_type=client_credentials&scope=a+b",
    });
    expect(tokens.recorded[0]?.headers).toMatchObject({
      authorization: `Basic ${btoa("id:s3cret")}`,
      "content-type": "application/x-www-form-urlencoded",
    });
    expect(server.recorded.map(({ headers }) => headers["authorization"])).toEqual(["Bearer t1", "Bearer t1"]);
    await clock.advance(51_000);
    await send(asked, never, "prod");
    expect(tokens.recorded).toHaveLength(2);
  });

  test("by OAuth2 gives nobody a token who does not know the secret", async () => {
    using tokens = recordingServer(({ headers }) =>
      headers["authorization"] === `Basic ${btoa("id:s3cret")}` ? token() : new Response("", { status: 401 }),
    );
    using server = recordingServer(ok);
    const send = sender();
    await send(question(server.url, { authentication: oauth2(tokens.url) }), never, "prod");
    const other = await send(
      question(server.url, { authentication: oauth2(tokens.url, { clientSecret: "guess" }) }),
      never,
      "b",
    );
    expect(other).toEqual({ kind: "failed", message: `no OAuth2 token from ${tokens.url}: it answered with HTTP 401` });
  });

  test("by OAuth2 puts the client into the body for servers that want it there", async () => {
    using tokens = recordingServer(({ body }) =>
      body.includes("client_secret=s3cret") ? token() : new Response("", { status: 400 }),
    );
    using server = recordingServer(ok);
    await sender()(question(server.url, { authentication: oauth2(tokens.url, { scopes: [] }) }), never, "prod");
    expect(tokens.recorded[1]?.body).toBe("grant_type=client_credentials&client_id=id&client_secret=s3cret");
    expect(server.recorded).toHaveLength(1);
  });

  test("by OAuth2 asks anew when a token is no longer taken, once", async () => {
    let given = 0;
    using tokens = recordingServer(() => token({ access_token: `t${++given}` }));
    using server = recordingServer(
      ({ headers }) => new Response("", { status: headers["authorization"] === "Bearer t2" ? 200 : 401 }),
    );
    const send = sender();
    const asked = question(server.url, { authentication: oauth2(tokens.url) });
    expect(await send(asked, never, "prod")).toMatchObject({ status: 200 });
    expect(given).toBe(2);
  });

  test.each<[does: string, answer: () => Response, why: string]>([
    [
      "refuses",
      () => Response.json({ error: "invalid_client", error_description: "s3cret" }, { status: 401 }),
      "it answered with HTTP 401 (invalid_client)",
    ],
    ["answers HTML", () => new Response("<html>s3cret"), "its answer has no access_token"],
    ["answers null", () => new Response("null"), "its answer has no access_token"],
    ["answers a list", () => new Response("[]"), "its answer has no access_token"],
    ["gives what cannot be sent", () => token({ access_token: "a\nb" }), "it has characters that cannot be sent"],
  ])("by OAuth2 at a server that %s fails without the secret", async (_, answer, why) => {
    using tokens = recordingServer(answer);
    using server = recordingServer(ok);
    expect(
      await sender()(question(server.url, { authentication: oauth2(`${tokens.url}/x?y=s3cret`) }), never, "prod"),
    ).toEqual({
      kind: "failed",
      message: `no OAuth2 token from ${tokens.url}: ${why}`,
    });
    expect(server.recorded).toHaveLength(0);
  });

  test("by OAuth2 asks no address that may not be reached", async () => {
    using server = recordingServer(ok);
    const answer = await sender()(
      question(server.url, { authentication: oauth2("http://169.254.169.254/token") }),
      never,
      "prod",
    );
    expect(answer).toMatchObject({ kind: "failed", message: like("the metadata of a cloud") });
  });
});
