import { describe, expect, test } from "bun:test";
import { manualClock, systemClock } from "../../../kube/clock/clock.ts";
import { createKnock, isOpenAddress, type KnockPorts, NOT_ASKED } from "./knock.ts";

const never = new AbortController().signal;
const at = (url: string) => ({ url, insecure: false });

function set(more: Partial<KnockPorts> = {}) {
  const asked: { url: string; init: BunFetchRequestInit }[] = [];
  const clock = manualClock();
  const knock = createKnock({
    clock,
    resolve: async () => ["10.0.0.7"],
    fetch: async (url, init) => {
      asked.push({ url, init });
      return { status: 200 };
    },
    ...more,
  });
  return { clock, knock, asked };
}

describe("an address is asked", () => {
  test("once, without body and credentials, at the address that was checked, by its name", async () => {
    const { knock, asked } = set();
    expect(await knock(at("https://prom.monitoring:9090/prom"), never)).toBeUndefined();
    expect(asked).toEqual([
      {
        url: "https://10.0.0.7:9090/prom",
        init: expect.objectContaining({
          method: "HEAD",
          headers: { host: "prom.monitoring:9090" },
          redirect: "manual",
          tls: { rejectUnauthorized: true, serverName: "prom.monitoring" },
        }) as BunFetchRequestInit,
      },
    ]);
  });

  test.each([
    ["127.0.0.1", "127.8.0.1", "0.0.0.0", "169.254.169.254", "169.254.1.1", "100.100.100.200", "168.63.129.16"],
    ["224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe"],
    ["fe80::1", "fd00:ec2::254", "ff02::1", "2002:7f00:1::", "x", ""],
  ] as string[][])("never where it is this machine, a link, or the metadata of a cloud", async (...addresses) => {
    for (const address of addresses) {
      expect([address, isOpenAddress(address)]).toEqual([address, false]);
      const { knock, asked } = set({ resolve: async () => ["10.0.0.7", address] });
      expect(await knock(at("http://innocent/"), never)).toBe(NOT_ASKED);
      expect(asked).toEqual([]);
    }
  });

  test.each([
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::1]:80/",
    "http://[::ffff:7f00:1]/",
  ])("never at %s", async (url) => {
    const { knock, asked } = set({ resolve: async () => ["127.0.0.1"] });
    expect(await knock(at(url), never)).toBe(NOT_ASKED);
    expect(asked).toEqual([]);
  });

  test.each(["10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "1.1.1.1", "2606:4700::1111", "fd12::1"])(
    "where it is %s",
    (address) => expect(isOpenAddress(address)).toBe(true),
  );
});

describe("an address does not answer", () => {
  test.each([
    [500, "HTTP 500"],
    [503, "HTTP 503"],
    [501, undefined],
    [404, undefined],
    [401, undefined],
    [302, undefined],
  ])("with HTTP %d: %s", async (status, why) => {
    expect(await set({ fetch: async () => ({ status }) }).knock(at("http://x/"), never)).toBe(why as string);
  });

  test("by the code of the error, or its text", async () => {
    const failing = (error: Error) => {
      const fetch = async () => {
        throw error;
      };
      return set({ fetch }).knock(at("http://x/"), never);
    };
    expect(await failing(Object.assign(new Error("no"), { code: "ECONNREFUSED" }))).toBe("ECONNREFUSED");
    expect(await failing(new Error("no"))).toBe("no");
    const resolve = async () => {
      throw Object.assign(new Error("no"), { code: "ENOTFOUND" });
    };
    expect(await set({ resolve }).knock(at("http://x/"), never)).toBe("ENOTFOUND");
  });

  test("when three seconds are over, whatever hangs", async () => {
    const { clock, knock } = set({ fetch: () => new Promise(() => undefined) });
    const knocked = knock(at("http://x/"), never);
    await clock.advance(3_000);
    expect(await knocked).toBe("no answer within 3 s");
  });
});

test("a server on the wire answers, or refuses the connection", async () => {
  const methods: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ method, headers }) => {
      methods.push(`${method} ${headers.get("host")}`);
      return new Response("x");
    },
  });
  const { port } = server;
  const knock = createKnock({ clock: systemClock, resolve: async () => ["127.0.0.1"], isOpen: () => true });
  expect(await knock(at(`http://prom:${port}/`), never)).toBeUndefined();
  expect(methods).toEqual([`HEAD prom:${port}`]);
  await server.stop(true);
  expect(await knock(at(`http://prom:${port}/`), never)).toMatch(/refused|Unable to connect/i);
});
