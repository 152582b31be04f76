import { describe, expect, test } from "bun:test";
import { createSendNats } from "./natsClient.ts";
import type { NatsMessage } from "./service.ts";
import { SERVICES } from "./services.ts";
import { portsWith, startNats } from "./testing.ts";

const send = createSendNats({
  addresses: { allow: ["127.0.0.1/32"], deny: [] },
  apiServers: [],
  environment: () => undefined,
});
const never = new AbortController().signal;

const messageTo = (port: number, more: Partial<NatsMessage> = {}): NatsMessage => ({
  url: `nats://127.0.0.1:${port}`,
  subject: "releases.shop",
  headers: new Map(),
  data: "hellö",
  username: "",
  password: "",
  nkey: "",
  ...more,
});

async function sentTo(nats: Awaited<ReturnType<typeof startNats>>, more: Partial<NatsMessage> = {}) {
  const why = await send(messageTo(nats.port, more), never).catch((error: unknown) => (error as Error).message);
  nats.server.close();
  const all = nats.taken.join("");
  const options = JSON.parse(/CONNECT (.*)\r\n/.exec(all)?.[1] ?? "{}") as Readonly<Record<string, unknown>>;
  return { why, all: all.replace(/CONNECT .*\r\n/, "").replaceAll("PONG\r\n", ""), options };
}

describe("a message to NATS", () => {
  test("is published, and known to have come", async () => {
    const { why, all, options } = await sentTo(await startNats());
    expect(why).toBeUndefined();
    expect(all).toBe("PING\r\nPUB releases.shop 6\r\nhellö\r\nPING\r\n");
    expect(options).toMatchObject({ verbose: false, headers: true });
    expect(options).not.toHaveProperty("user");
  });

  test("has headers", async () => {
    const { all } = await sentTo(await startNats(), { headers: new Map([["X-A", "b c"]]) });
    expect(all).toBe("PING\r\nHPUB releases.shop 22 28\r\nNATS/1.0\r\nX-A: b c\r\n\r\nhellö\r\nPING\r\n");
  });

  test("has no header that would be two", async () => {
    const { why } = await sentTo(await startNats(), { headers: new Map([["X-A", "b\r\nPUB x 0"]]) });
    expect(why).toBe("not sent: a header of service.nats cannot be sent");
  });

  test("logs in by name, by the address, or by a key, as the official library signs", async () => {
    const byName = await sentTo(await startNats(), { username: "u", password: "p" });
    expect(byName.options).toMatchObject({ user: "u", pass: "p" });
    const nats = await startNats();
    const byUrl = await sentTo(nats, { url: `nats://token@127.0.0.1:${nats.port}` });
    expect(byUrl.options).toMatchObject({ auth_token: "token" });
    // Of the seed 0123456789abcdef0123456789abcdef; what nkeys of Go makes of it and of this nonce.
    const seed = "SUADAMJSGM2DKNRXHA4WCYTDMRSWMMBRGIZTINJWG44DSYLCMNSGKZRF4M";
    const byKey = await sentTo(await startNats({ nonce: "nonce-1" }), { nkey: seed });
    expect(byKey.options["nkey"]).toBe("UAR3YVERFQPG5EWEVBUCLSDH4J773RKVX755IJCPC6RGVP7752LF22PY");
    const signature = Buffer.from(String(byKey.options["sig"]), "base64url");
    expect(signature.toString("hex")).toBe(
      "8c14da3ee5f5d58167f1b97b497c731e272025447dd2eb5cfa7116fe970a22f5a3a3a9181f68624a8e4fb08badc9a25305178a08f70e13eb30c3f32a2980af04",
    );
  });

  test("is not sent with a key that is none", async () => {
    const { why } = await sentTo(await startNats({ nonce: "n" }), {
      nkey: "SUADAMJSGM2DKNRXHA4WCYTDMRSWMMBRGIZTINJWG44DSYLCMNSGKZRF4A",
    });
    expect(why).toBe("not sent: service.nats.nkey is no seed of a key of NATS");
  });

  test("goes to the next server when one is down, and says what each said", async () => {
    const nats = await startNats();
    const { why } = await sentTo(nats, { url: `nats://127.0.0.1:1,127.0.0.1:${nats.port}` });
    expect(why).toBeUndefined();
    const refusing = await sentTo(await startNats({}, "-ERR 'Authorization Violation'"));
    expect(refusing.why).toBe("127.0.0.1 answered the login with 'Authorization Violation'");
  });

  test("is not sent to what is no NATS, or no address", async () => {
    const other = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: (socket) => void socket.write("220 hi\r\n"), data() {} },
    });
    const messageOf = (url: string) =>
      send(messageTo(0, { url }), never).catch((error: unknown) => (error as Error).message);
    expect(await messageOf(`nats://127.0.0.1:${other.port}`)).toBe("what answers at 127.0.0.1 is not NATS");
    expect(await messageOf("http://127.0.0.1")).toBe(
      "not sent: service.nats.url is no address such as nats://host:4222",
    );
    expect(await messageOf("nats://169.254.169.254")).toContain("it is the metadata of a cloud");
    other.stop(true);
  });

  test("has a subject for its recipient, which cannot be two commands", async () => {
    const sent: NatsMessage[] = [];
    const ports = {
      ...portsWith(() => Promise.resolve({ kind: "failed", message: "" })),
      nats: (message: NatsMessage) => Promise.resolve(void sent.push(message)),
    };
    const service = SERVICES.find(({ type }) => type === "nats")?.configure({ url: "nats://nats", username: "u" });
    const to = (recipient: string) => service?.send({ message: "m" }, { service: "nats", recipient }, ports);
    await to("a.b");
    expect(sent).toMatchObject([{ subject: "a.b", username: "", password: "" }]);
    const why = await to("a 1\r\nx")?.catch((error: unknown) => (error as Error).message);
    expect(why).toBe('nats: the recipient "a 1\\r\\nx" is no subject of NATS');
  });
});
