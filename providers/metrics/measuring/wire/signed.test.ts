import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { question, recordingServer, sender } from "../testing.ts";

const never = new AbortController().signal;

describe("a question to an address that an administrator names", () => {
  test("is sent to any address, and to no other one that it answers with", async () => {
    using server = recordingServer(() => new Response(null, { status: 302, headers: { location: "/elsewhere" } }));
    const own = question(server.url, { ownAddress: true });
    expect(await sender({ addresses: { allow: [], deny: [] } })(own, never, "prod")).toMatchObject({ status: 302 });
    expect(server.recorded).toHaveLength(1);
  });

  test("is signed by its key with the time, where it has one", async () => {
    using server = recordingServer(() => new Response("{}"));
    const signedBy = question(server.url, {
      method: "POST",
      body: '{"a":"ä"}',
      ownAddress: true,
      authentication: { kind: "hmac", key: "k3y" },
    });
    await sender()(signedBy, never, "prod");
    const [, t = "", v1 = ""] = /^t=(\d+),v1=(\w+)$/.exec(server.recorded[0]?.headers["sluice-signature"] ?? "") ?? [];
    expect(v1).toBe(createHmac("sha256", "k3y").update(`${t}.{"a":"ä"}`).digest("hex"));
  });
});
